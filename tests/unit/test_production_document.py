"""docs/production.md: each process accepts the environment that it is given there."""

import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.local.paths import ROOT
from gateway.settings import Settings
from message_store.settings import MigrateSettings, ProjectSettings, ServeSettings
from notifier.live.settings import LiveSettings
from shared.log.topics import TopicSettings
from tests.fixtures.certificates import Authority

PAGE = (ROOT / "docs/production.md").read_text()
KAFKA = "All processes of Kafka"
PROCESSES: dict[str, tuple[type[BaseSettings], bool]] = {
    "topics": (TopicSettings, True),
    "migrate": (MigrateSettings, False),
    "project": (ProjectSettings, True),
    "serve": (ServeSettings, False),
    "live": (LiveSettings, True),
    "gateway": (Settings, True),
}
"""Its settings, and whether it also has the environment of all processes of Kafka."""
URL = "postgresql://role:password@postgres.internal/parley"
SECRETS = {
    "kafka-password": "password-of-the-principal",
    "service-token": "0123456789abcdef0123456789abcdef",
    "ticket-keys": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    **{f"{role}-url": URL for role in ("owner", "projector", "reader", "tickets")},
}


def environments() -> dict[str, dict[str, str]]:
    """The variables of each block, by its heading."""
    blocks = re.findall(r"^### (.+)\n(?:(?!^#)(?!^```).*\n)*```sh\n((?:.+\n)+?)```", PAGE, re.MULTILINE)
    return {heading: dict(line.split("=", 1) for line in block.splitlines()) for heading, block in blocks}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What the page has in /run/secrets and /srv, in a folder of the test."""
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(f"{secret}\n")
    authority = Authority(tmp_path / "authority")
    for name in ("kafka-ca.pem", "internal-ca.pem", "postgres-ca.pem"):
        (tmp_path / name).write_bytes(authority.certificate.read_bytes())
    for name in ("store", "notifier"):
        pair = authority.issue(name).read_bytes()
        (tmp_path / f"{name}.pem").write_bytes(pair)
        (tmp_path / f"{name}-key.pem").write_bytes(pair)
    (tmp_path / "web").mkdir()
    return tmp_path


def test_every_process_has_an_environment() -> None:
    assert environments().keys() == {KAFKA, *PROCESSES}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_accepts_its_environment(
    process: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, uses_kafka = PROCESSES[process]
    documented = environments()
    variables = {**(documented[KAFKA] if uses_kafka else {}), **documented[process]}
    for name, value in variables.items():
        path = re.sub(r"^/(run/secrets|srv/parley)/", f"{secrets}/", value)
        monkeypatch.setenv(name, path)
    known = {field.upper() for field in settings.model_fields}
    assert {name.removesuffix("_FILE") for name in variables} <= known | {
        name.removesuffix("_FILE") for name in known
    }
    accepted = settings()
    assert getattr(accepted, "env", "production") == "production"
