"""The environment and files of a container, with made-up secrets: what its process would start with."""

import base64
import os
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.local.issuer import LocalIssuer
from tests.fixtures.certificates import Authority
from tests.unit.deploy.kubernetes.rendered import SETTINGS, Rendered, Workload
from tools.manifests import Object

_ROLES = ("owner", "projector", "reader", "tickets", "app")
_KAFKA_USERS = ("gateway", "projector", "notifier", "topics")
_PLAIN = {
    "parley-service-token": {"token": "made-up-token-of-a-test"},
    "parley-ticket-keys": {"keys": base64.b64encode(bytes(range(32))).decode()},
    **{
        f"parley-database-{role}": {"uri": f"postgresql://{role}:made-up@database:5432/parley"}
        for role in _ROLES
    },
    **{f"parley-kafka-{user}": {"username": user, "password": "made-up"} for user in _KAFKA_USERS},
}
_AUTHORITIES = ("parley-kafka-ca", "parley-cluster-ca-cert", "parley-database-ca", "parley-internal-ca")
_CERTIFICATES = ("parley-store-tls", "parley-notifier-tls")


def made_up_secrets(folder: Path) -> dict[str, dict[str, str]]:
    """Return every Secret that the manifests may refer to, by name and key."""
    authority = Authority(folder / "authority")
    certificate = authority.certificate.read_text()
    pair = authority.issue("parley").read_text()
    return {
        **_PLAIN,
        **{name: {"ca.crt": certificate} for name in _AUTHORITIES},
        **{name: {"tls.crt": pair, "tls.key": pair} for name in _CERTIFICATES},
    }


def started(
    rendered: Rendered, workload: Workload, root: Path, monkeypatch: pytest.MonkeyPatch
) -> BaseSettings:
    """Return the settings that the process of this workload reads, and leave its environment in force. Raises
    ValidationError: it does not start."""
    public_key = LocalIssuer.ensure(root).public_key.read_text()
    outside = {"parley-jwt-keys": {"public.pem": public_key}}  # no part of the manifests
    container = Container(rendered, workload, root, outside)
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in container.environment.items():
        monkeypatch.setenv(name, value)
    return SETTINGS[workload.component]()


class Container:
    """A container of a workload: `environment` is what its process reads, with files under `root`."""

    def __init__(
        self,
        rendered: Rendered,
        workload: Workload,
        root: Path,
        config_maps: dict[str, dict[str, str]],
    ) -> None:
        """`config_maps`: those that are not among the objects. Raises KeyError: an object or key that is
        referred to does not exist."""
        self._root = root
        self._secrets = made_up_secrets(root)
        own = {name: each["data"] for name, each in rendered.of("ConfigMap").items()}
        self._config_maps = {**own, **config_maps}
        self._mounts = {
            mount["name"]: str(mount["mountPath"]) for mount in workload.container.get("volumeMounts", [])
        }
        for volume in workload.pod.get("volumes", []):
            self._write(volume)
        settings = rendered.settings(workload)
        settings |= {name: self._value(each) for name, each in workload.environment.items()}
        self.environment = {name: self._path(value) for name, value in settings.items()}

    def _write(self, volume: Object) -> None:
        folder = self._root / self._mounts[volume["name"]].lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        sources = volume.get("projected", {}).get("sources", [])
        secrets = [source["secret"] for source in sources]
        if "secret" in volume:
            secrets.append({**volume["secret"], "name": volume["secret"]["secretName"]})
        for secret in secrets:
            for item in secret["items"]:
                (folder / item["path"]).write_text(self._secrets[secret["name"]][item["key"]])

    def _value(self, variable: Object) -> str:
        if "value" in variable:
            return str(variable["value"])
        source = variable["valueFrom"]
        if reference := source.get("secretKeyRef"):
            return str(self._secrets[reference["name"]][reference["key"]])
        reference = source["configMapKeyRef"]
        return str(self._config_maps[reference["name"]][reference["key"]])

    def _path(self, value: str) -> str:
        """Return the path under `root` of a file that is mounted; any other value as it is."""
        is_mounted = any(value.startswith(f"{path}/") for path in self._mounts.values())
        return str(self._root / value.lstrip("/")) if is_mounted else value
