"""`deploy/compose.yaml` for real: podman-compose brings it up from local images, and two users talk.

podman before 4.6 does not wait for healthy containers, and nothing runs their health checks without systemd:
the test does both, in the order of the file's conditions. Grafana is no package of Debian's: it stays down.
"""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from deploy.images import podman
from deploy.images.local_images import KAFKA, POSTGRES, PROMETHEUS
from deploy.local.paths import ROOT
from deploy.local.stack.end_to_end import wait_until_serving
from deploy.local.supervisor.ports import Ports
from tests.e2e import client
from tests.fixtures.platform import eventually

pytestmark = [pytest.mark.images, pytest.mark.timeout(1_800)]

PODMAN_COMPOSE = "podman-compose==1.6.0"


@dataclass(frozen=True)
class Project:
    """One start of the file, with containers, volumes and networks of its own."""

    name: str
    variables: dict[str, str]

    def compose(self, *arguments: str) -> str:
        tool = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--quiet", "--from", PODMAN_COMPOSE]
        command = [*tool, "podman-compose", "--in-pod=false", f"--project-name={self.name}"]
        done = subprocess.run(
            [*command, f"--file={ROOT / 'deploy' / 'compose.yaml'}", *arguments],
            env={**podman.environment(), "UV_SYSTEM_CERTS": "1", **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def up(self, *services: str) -> None:
        self.compose("up", "--detach", "--no-deps", *services)

    def container(self, service: str) -> str:
        return f"{self.name}_{service}_1"

    def wait_until_healthy(self, *services: str) -> None:
        for service in services:
            command = ["podman", "healthcheck", "run", self.container(service)]
            eventually(partial(_succeeds, command), f"{service} is healthy", 240)

    def wait_for_job(self, service: str) -> None:
        """Wait until a job is done. A job that fails is started again, as the file says."""

        def is_done() -> bool:
            state = json.loads(podman.run("inspect", self.container(service)))[0]["State"]
            return bool(state["Status"] == "exited" and state["ExitCode"] == 0)

        eventually(is_done, f"{service} is done", 240)


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(command, env=podman.environment(), capture_output=True, check=False)
    if done.returncode:
        time.sleep(1)  # each check starts a process in the container
    return done.returncode == 0


@contextmanager
def _project(image: str, folder: Path) -> Iterator[Project]:
    subprocess.run([ROOT / "deploy" / "compose-secrets", folder], check=True)
    variables = {
        "PARLEY_IMAGE": image,
        "KAFKA_IMAGE": KAFKA.build_unless_there(),
        "POSTGRES_IMAGE": POSTGRES.build_unless_there(),
        "PROMETHEUS_IMAGE": PROMETHEUS.build_unless_there(),
        "SECRETS": str(folder),
        "PORT": str(Ports({}, {}).take("gateway")),
    }
    project = Project(f"parley{secrets.token_hex(3)}", variables)
    try:
        yield project
    finally:
        project.compose("down", "--volumes", "--timeout=5")


async def test_two_users_talk_over_what_compose_brings_up(image: str, tmp_path: Path) -> None:
    with _project(image, tmp_path / "secrets") as project:
        project.up("kafka", "postgres")
        project.wait_until_healthy("kafka", "postgres")
        project.up("topics", "migrate")
        for job in ("topics", "migrate"):
            project.wait_for_job(job)
        project.up("projector", "store", "notifier", "prometheus")
        project.wait_until_healthy("projector", "store", "notifier", "prometheus")
        project.up("gateway")
        project.wait_until_healthy("gateway")

        gateway = f"http://127.0.0.1:{project.variables['PORT']}"
        await wait_until_serving([gateway])
        await _two_users_talk(gateway)
        await _prometheus_scrapes_all(project)


async def _two_users_talk(gateway: str) -> None:
    async with client.http(gateway) as http, client.socket(gateway, "bob") as bob:
        page = await http.get("/", params={"user": "ann"}, headers={"Accept": "text/html"})
        assert (page.status_code, "<title>" in page.text) == (200, True)
        conversation = await client.start(http, "ann", "bob")
        async with client.socket(gateway, "ann") as ann:
            await ann.send(type="message", conversationId=conversation, text="Lunch?")
            assert (await bob.expect(type="message"))["text"] == "Lunch?"
            await bob.send(type="message", conversationId=conversation, text="At noon")
            assert (await ann.expect(type="message", senderId="bob"))["text"] == "At noon"
        history = await client.history(http, "bob", conversation)
        assert [message["text"] for message in history] == ["Lunch?", "At noon"]


async def _prometheus_scrapes_all(project: Project) -> None:
    """Prometheus is on the inner network only: promtool in its container asks it."""
    query = ["promtool", "query", "instant", "http://127.0.0.1:9090", 'sum by (component) (up{job="parley"})']

    def answer() -> str:
        return podman.run("exec", project.container("prometheus"), *query)

    def has_all() -> bool:
        return all(
            f'component="{name}"}} => 1' in answer() for name in ("gateway", "projector", "store", "notifier")
        )

    await asyncio.to_thread(eventually, has_all, "Prometheus scrapes all processes", 90)
