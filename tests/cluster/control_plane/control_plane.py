"""Starts etcd, API server, controller manager and scheduler, and stops them after the block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.supervisor import health_checks
from deploy.local.supervisor.console import Console
from deploy.local.supervisor.ports import Ports
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import StackContext
from deploy.local.supervisor.supervisor import READY_TIMEOUT_SECONDS, Supervisor
from tests.cluster.binaries import cache
from tests.cluster.control_plane.api import Api
from tests.cluster.control_plane.credentials import API_PORT, SERVER, Credentials
from tests.cluster.control_plane.kubectl import Kubectl

ETCD_PORT = 2379
SERVICE_NETWORK = "10.96.0.0/16"
POD_NETWORK = "10.88.0.0/16"
NODE_ADDRESS = "10.88.0.1"


@dataclass(frozen=True)
class ControlPlane:
    folder: Path
    """Holds the logs of all processes: NAME.log."""
    credentials: Credentials
    api: Api
    kubectl: Kubectl


@asynccontextmanager
async def control_plane(folder: Path) -> AsyncIterator[ControlPlane]:
    """Run a control plane with its files in `folder`, which exists, at fixed ports of this network namespace.
    Raises UserError."""
    credentials = Credentials.create(folder / "credentials")
    context = StackContext(Console(), Ports({}, {}), folder, max_restarts=0)
    async with (
        Api.connect(SERVER, credentials.tokens["admin"], credentials.tls_context()) as api,
        Supervisor(context, lambda _: None) as supervisor,
    ):
        processes = _Processes(folder, credentials)
        await supervisor.start(processes.etcd())
        await supervisor.start(processes.api_server())
        await _wait_until_ready(api)
        await supervisor.start(processes.controller_manager(), processes.scheduler())
        kubectl = Kubectl(credentials.kubeconfig("admin"), folder / "kubectl")
        yield ControlPlane(folder, credentials, api, kubectl)


def program(name: str) -> str:
    """Return the path of a cached program. Raises UserError."""
    if (path := cache.binary(name)) is None:
        raise UserError(f"{name} is not built; run: make cluster-tools")
    return str(path)


async def _wait_until_ready(api: Api) -> None:
    """Wait for the resources that the API server itself creates."""
    async with asyncio.timeout(READY_TIMEOUT_SECONDS):
        while not await api.is_ready():
            await asyncio.sleep(0.1)


class _Processes:
    def __init__(self, folder: Path, credentials: Credentials) -> None:
        self._folder = folder
        self._credentials = credentials

    def etcd(self) -> Process:
        url = f"http://127.0.0.1:{ETCD_PORT}"
        peer = "http://127.0.0.1:2380"
        arguments = [
            f"--data-dir={self._folder / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--log-level=warn",
        ]
        is_ready = health_checks.http(ETCD_PORT, "/health")
        return Process("etcd", [program("etcd"), *arguments], is_ready=is_ready, log=self._log("etcd"))

    def api_server(self) -> Process:
        files = self._credentials
        arguments = [
            f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
            f"--secure-port={API_PORT}",
            "--bind-address=127.0.0.1",
            f"--advertise-address={NODE_ADDRESS}",
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={files.server_certificate}",
            f"--tls-private-key-file={files.server_certificate}",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={files.service_account_public_key}",
            f"--service-account-signing-key-file={files.service_account_key}",
            "--authorization-mode=Node,RBAC",
            f"--token-auth-file={files.token_file}",
            "--enable-admission-plugins=NodeRestriction",
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
        ]
        command = [program("kube-apiserver"), *arguments]
        return Process(
            "api-server", command, is_ready=health_checks.tcp(API_PORT), log=self._log("api-server")
        )

    def controller_manager(self) -> Process:
        files = self._credentials
        arguments = [
            f"--kubeconfig={files.kubeconfig('controller-manager')}",
            f"--service-account-private-key-file={files.service_account_key}",
            f"--root-ca-file={files.authority}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            "--node-monitor-grace-period=1h",
            "--profiling=false",
        ]
        command = [program("kube-controller-manager"), *arguments]
        is_ready = health_checks.tcp(10_257)
        return Process("controllers", command, is_ready=is_ready, log=self._log("controllers"))

    def scheduler(self) -> Process:
        kubeconfig = self._credentials.kubeconfig("scheduler")
        arguments = [f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--profiling=false"]
        command = [program("kube-scheduler"), *arguments]
        return Process("scheduler", command, is_ready=health_checks.tcp(10_259), log=self._log("scheduler"))

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
