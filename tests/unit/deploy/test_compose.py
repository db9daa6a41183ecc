"""`deploy/compose.yaml` fits the settings that the services read, and gives away nothing."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from pydantic_settings import BaseSettings

from deploy.local.dependencies.kafka import CONFIG_FOLDER
from deploy.local.paths import ROOT
from gateway.settings import Settings
from message_store.settings import MigrateSettings, ProjectSettings, ServeSettings
from notifier.live.settings import LiveSettings
from shared.log.topics import TopicSettings
from shared.runtime.secret_files import is_secret
from shared.runtime.settings import ProcessSettings, load_settings
from tests.fixtures.platform import KAFKA_IMAGE, POSTGRES_IMAGE
from tests.unit.deploy import dockerfile

COMPOSE = ROOT / "deploy" / "compose.yaml"
SETTINGS: Mapping[str, type[BaseSettings]] = {
    "topics": TopicSettings,
    "migrate": MigrateSettings,
    "projector": ProjectSettings,
    "store": ServeSettings,
    "notifier": LiveSettings,
    "gateway": Settings,
}
OTHERS = {"kafka", "postgres", "prometheus", "grafana"}
SECRETS = "/run/secrets/"


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = _with_defaults(yaml.safe_load(path.read_text()))
    return loaded


def _with_defaults(value: Any) -> Any:
    """Replace each ${NAME:-default} by the default, as compose does without variables."""
    match value:
        case str():
            return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        case list():
            return [_with_defaults(item) for item in value]
        case dict():
            return {key: _with_defaults(item) for key, item in value.items()}
        case _:
            return value


DOCUMENT = _load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]


def _environment(service: str) -> dict[str, str]:
    given: dict[str, str] = SERVICES[service].get("environment", {})
    return given


def _secrets_of(service: str) -> set[str]:
    return set(SERVICES[service].get("secrets", []))


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `deploy/compose-secrets` creates."""
    folder = tmp_path_factory.mktemp("secrets") / "created"
    _create_secrets(folder)
    return folder


def _create_secrets(folder: Path) -> None:
    subprocess.run([ROOT / "deploy" / "compose-secrets", folder], check=True)


def test_it_runs_all_of_parley_and_what_it_needs() -> None:
    assert SERVICES.keys() == SETTINGS.keys() | OTHERS


@pytest.mark.parametrize("service", SETTINGS)
def test_each_variable_is_one_that_the_process_reads(service: str) -> None:
    fields = SETTINGS[service].model_fields
    for name in _environment(service):
        setting = name.lower()
        secret = fields.get(setting.removesuffix("_file"))
        assert setting in fields or (setting.endswith("_file") and secret and is_secret(secret)), name


@pytest.mark.parametrize("service", SETTINGS)
def test_no_secret_is_in_the_file(service: str) -> None:
    fields = SETTINGS[service].model_fields
    named = [name for name in _environment(service) if name.lower() in fields]
    assert not [name for name in named if is_secret(fields[name.lower()])]


@pytest.mark.parametrize("service", SETTINGS)
def test_each_process_accepts_its_settings(
    service: str, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(service, secrets, tmp_path, monkeypatch)
    if isinstance(settings, ProcessSettings) and "healthcheck" in SERVICES[service]:
        assert (settings.host, settings.admin_host, settings.admin_port) == ("0.0.0.0", "0.0.0.0", 9090)


def test_a_gateway_reaches_the_other_services_where_they_answer(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports: dict[str, int] = {}
    for service in ("store", "notifier", "gateway"):
        settings = _settings(service, secrets, tmp_path, monkeypatch)
        assert isinstance(settings, ProcessSettings)
        ports[service] = settings.port
    assert isinstance(settings, Settings)
    assert settings.store_url == f"http://store:{ports['store']}"
    assert [str(address) for address in settings.notifier_addresses] == [f"notifier:{ports['notifier']}"]
    (published,) = SERVICES["gateway"]["ports"]
    assert published == f"127.0.0.1:8000:{ports['gateway']}"


def _settings(service: str, secrets: Path, web_root: Path, monkeypatch: pytest.MonkeyPatch) -> BaseSettings:
    """Load what the process of a service would, of the image's and of the file's variables."""
    with monkeypatch.context() as environment:
        for name in os.environ:
            environment.delenv(name)
        given = {**dockerfile.environment(), **_environment(service), "WEB_ROOT": str(web_root)}
        for name, value in given.items():
            environment.setenv(name, value.replace(SECRETS, f"{secrets}/"))
        return load_settings(SETTINGS[service])


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_gets_the_secrets_that_it_names_and_no_other(service: str) -> None:
    named = {
        value.removeprefix(SECRETS) for value in _environment(service).values() if value.startswith(SECRETS)
    }
    assert named == _secrets_of(service)


def test_the_secrets_are_those_that_compose_secrets_creates(secrets: Path) -> None:
    created = {path.name for path in secrets.iterdir()}
    assert created == DOCUMENT["secrets"].keys()
    assert created == set().union(*map(_secrets_of, SERVICES))
    for name, secret in DOCUMENT["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}


def test_compose_secrets_keeps_what_is_there_and_repeats_nothing(secrets: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    _create_secrets(secrets)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    _create_secrets(tmp_path / "others")
    assert not set(before.values()) & {path.read_text() for path in (tmp_path / "others").iterdir()}


def test_other_users_of_the_machine_cannot_read_the_secrets(secrets: Path) -> None:
    assert secrets.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_has_rights_that_it_does_not_need(service: str) -> None:
    description = SERVICES[service]
    assert description["cap_drop"] == ["ALL"]
    assert description["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in description
    assert "pids_limit" in description
    assert "privileged" not in description
    # the public image of Kafka writes its configuration beside its programs
    assert description.get("read_only", False) is (service != "kafka")


def test_only_the_gateway_and_grafana_are_reached_from_outside_and_on_loopback_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"gateway", "grafana"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert DOCUMENT["networks"]["inside"] == {"internal": True}
    assert {
        name for name, service in SERVICES.items() if service["networks"] != ["inside"]
    } == published.keys()


@pytest.mark.parametrize("service", SETTINGS)
def test_each_command_is_one_of_the_image(service: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert SERVICES[service]["command"][0] in scripts


@pytest.mark.parametrize("service", SERVICES)
def test_a_job_is_repeated_only_when_it_fails_and_a_service_always(service: str) -> None:
    is_job = service in ("topics", "migrate")
    assert SERVICES[service]["restart"] == ("on-failure:5" if is_job else "unless-stopped")


def test_no_service_merges_several_descriptions_since_readers_differ_in_their_order() -> None:
    assert "<<: [" not in COMPOSE.read_text()


def test_each_service_waits_for_what_it_needs() -> None:
    waits = {
        name: {other: condition["condition"] for other, condition in service["depends_on"].items()}
        for name, service in SERVICES.items()
        if "depends_on" in service
    }
    healthy, completed = "service_healthy", "service_completed_successfully"
    assert waits == {
        "topics": {"kafka": healthy},
        "migrate": {"postgres": healthy},
        "projector": {"topics": completed, "migrate": completed},
        "store": {"migrate": completed},
        "notifier": {"topics": completed},
        "gateway": {"store": healthy, "notifier": healthy, "projector": healthy},
        "grafana": {"prometheus": healthy},
    }
    awaited = {other for each in waits.values() for other, condition in each.items() if condition == healthy}
    assert all("healthcheck" in SERVICES[service] for service in awaited)


def test_prometheus_scrapes_each_process_at_its_admin_port() -> None:
    (job,) = _load(ROOT / "deploy" / "compose" / "prometheus.yaml")["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]
    assert set(discovery["names"]) == {name for name in SETTINGS if "healthcheck" in SERVICES[name]}
    assert discovery["port"] == int(dockerfile.environment()["ADMIN_PORT"])


def test_what_is_mounted_from_the_repository_exists() -> None:
    for source in _mounted():
        assert (COMPOSE.parent / source).exists(), source


def _mounted() -> Iterator[str]:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("."):
                yield source
            else:
                assert source in DOCUMENT["volumes"]


def test_the_tests_use_the_same_images() -> None:
    assert SERVICES["kafka"]["image"] == f"docker.io/{KAFKA_IMAGE}"
    assert SERVICES["postgres"]["image"] == f"docker.io/library/{POSTGRES_IMAGE}"


def test_kafka_is_the_release_of_the_local_stack() -> None:
    pom = ET.parse(CONFIG_FOLDER / "pom.xml")  # noqa: S314 - a file of this repository
    version = pom.findtext(".//{*}dependency/{*}version")
    assert SERVICES["kafka"]["image"] == f"docker.io/apache/kafka:{version}"


def test_the_image_is_that_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {SERVICES[service]["image"] for service in SETTINGS} == {f"localhost/parley:{version}"}
