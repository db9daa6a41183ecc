"""The tests of Kafka and PostgreSQL pass with both in containers, as they do with local processes."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from deploy.images import podman
from deploy.images.container_engine import testcontainers_engine
from deploy.images.local_images import KAFKA, POSTGRES
from deploy.local.paths import ROOT

pytestmark = [pytest.mark.images, pytest.mark.timeout(3_600)]

TESTS = ("tests/integration", "tests/contract")


def test_the_integration_tests_pass_with_kafka_and_postgresql_in_containers() -> None:
    begin = datetime.now(UTC).isoformat()
    with testcontainers_engine() as variables:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *TESTS],
            cwd=ROOT,
            env={**os.environ, **variables},
            check=False,
        )
    assert ended.returncode == 0
    created = podman.run(
        "events", "--stream=false", f"--since={begin}", "--filter=event=create", "--format={{.Image}}"
    )
    assert {KAFKA.name, POSTGRES.name} <= set(created.split())
