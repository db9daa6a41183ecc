"""podman as the Docker engine of testcontainers and of compose, without a daemon that stays."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.images import podman
from deploy.images.local_images import KAFKA, POSTGRES
from deploy.local.errors import UserError

_START_TIMEOUT_SECONDS = 20.0


@contextmanager
def docker_engine() -> Iterator[Mapping[str, str]]:
    """Run podman's Docker API for the block; yield the variables by which clients find it. Raises
    UserError."""
    podman.require()
    with tempfile.TemporaryDirectory(prefix="parley-engine-") as folder:
        path = Path(folder, "podman.sock")
        command = ["podman", "system", "service", "--time=0", f"unix://{path}"]
        with (Path(folder) / "log").open("w+") as log:
            service = subprocess.Popen(command, env=podman.environment(), stdout=log, stderr=log)
            try:
                _wait_until_listening(service, path)
                yield {"DOCKER_HOST": f"unix://{path}"}
            finally:
                service.terminate()
                service.wait()


def _wait_until_listening(service: subprocess.Popen[bytes], path: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while service.poll() is None and time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                return
        except OSError:
            time.sleep(0.05)
    raise UserError("podman system service does not start: run it by hand to see why")


@contextmanager
def testcontainers_engine() -> Iterator[Mapping[str, str]]:
    """Run podman's Docker API for the block, with local images of Kafka and PostgreSQL; yield the variables
    with which the tests use both."""
    images = {
        "TEST_KAFKA_IMAGE": KAFKA.build_unless_there(),
        "TEST_POSTGRES_IMAGE": POSTGRES.build_unless_there(),
    }
    with docker_engine() as engine:
        yield {
            **engine,
            **images,
            "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
            "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
            "TESTCONTAINERS_RYUK_DISABLED": "true",  # its image removes containers of runs that were killed
        }
