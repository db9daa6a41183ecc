"""Every process starts with the environment of its container, and no secret is written anywhere."""

import os
import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from gateway.settings import Settings as GatewaySettings
from message_store.settings import DatabaseSettings
from shared.runtime.kafka_settings import KafkaSettings
from shared.runtime.secret_files import is_secret
from tests.unit.deploy.kubernetes.environment import started
from tests.unit.deploy.kubernetes.rendered import ALL, SETTINGS, WORKLOADS, Rendered, Workload, overlay
from tools.manifests import golden

every_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=str)
every_overlay = pytest.mark.parametrize("rendered", ALL, ids=lambda rendered: rendered.name)


def variables(settings: type[BaseSettings]) -> set[str]:
    """Return the environment variables that a settings class reads."""
    fields = settings.model_fields.items()
    return {name.upper() for name, _ in fields} | {
        f"{name.upper()}_FILE" for name, field in fields if is_secret(field)
    }


@every_workload
def test_every_variable_is_one_that_the_process_reads(workload: Workload) -> None:
    settings = SETTINGS[workload.component]
    given = {*workload.environment, *overlay(workload.overlay).settings(workload)}
    assert given <= variables(settings)


@every_workload
def test_a_variable_is_given_once(workload: Workload) -> None:
    assert len(workload.container.get("env", [])) == len(workload.environment)
    assert set(workload.environment).isdisjoint(overlay(workload.overlay).settings(workload))


@every_workload
def test_the_process_starts_with_its_environment(
    workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = started(overlay(workload.overlay), workload, tmp_path, monkeypatch)
    if "env" in type(settings).model_fields:
        assert getattr(settings, "env", None) == "production"


@every_workload
def test_the_process_does_not_start_without_one_of_its_secrets(
    workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = {f"{name.upper()}_FILE" for name, field in SETTINGS[workload.component].model_fields.items()
                if is_secret(field)} & set(workload.environment)  # fmt: skip
    started(overlay(workload.overlay), workload, tmp_path, monkeypatch)
    for name in required & {
        "SERVICE_TOKEN_FILE",
        "DATABASE_URL_FILE",
        "TICKET_KEYS_FILE",
        "KAFKA_PASSWORD_FILE",
    }:
        value = os.environ[name]
        monkeypatch.delenv(name)
        with pytest.raises(ValueError, match=f"(?i){name.removesuffix('_FILE')}"):
            SETTINGS[workload.component]()
        monkeypatch.setenv(name, value)


@every_workload
def test_ports_are_open_to_other_pods(workload: Workload) -> None:
    if workload.kind == "Deployment":
        variables = {name: each.get("value") for name, each in workload.environment.items()}
        assert (variables["HOST"], variables["ADMIN_HOST"], variables["ADMIN_PORT"]) == (
            "0.0.0.0", "0.0.0.0", "9090",
        )  # fmt: skip


@every_workload
def test_every_client_of_the_log_has_its_address(workload: Workload) -> None:
    given = overlay(workload.overlay).settings(workload)
    assert ("KAFKA_BOOTSTRAP" in given) == issubclass(SETTINGS[workload.component], KafkaSettings)


@every_overlay
def test_no_secret_is_among_the_objects(rendered: Rendered) -> None:
    assert rendered.of("Secret") == {}
    text = golden(rendered.name).read_text()
    assert "PRIVATE KEY" not in text
    assert not re.search(r"://[^/\s:@]+:[^@\s/]+@", text)


@every_workload
def test_no_secret_is_a_value_of_the_environment(workload: Workload) -> None:
    secret = {
        name.upper() for name, field in SETTINGS[workload.component].model_fields.items() if is_secret(field)
    }
    assert secret.isdisjoint(overlay(workload.overlay).settings(workload))
    assert not [name for name in secret & set(workload.environment) if "value" in workload.environment[name]]


@every_workload
def test_a_secret_is_readable_by_the_group_of_the_process_alone(workload: Workload) -> None:
    modes = [
        source["defaultMode"]
        for volume in workload.pod["volumes"]
        if (source := volume.get("projected") or volume.get("secret"))
    ]
    assert set(modes) <= {0o440}
    assert workload.pod["securityContext"]["fsGroup"] == 10001


@every_workload
def test_every_volume_is_mounted_and_every_mount_has_its_volume(workload: Workload) -> None:
    mounted = [mount["name"] for mount in workload.container["volumeMounts"]]
    assert sorted(mounted) == sorted(volume["name"] for volume in workload.pod["volumes"])


@every_overlay
def test_the_gateway_reaches_store_and_notifiers_by_their_services(rendered: Rendered) -> None:
    given = rendered.settings(rendered.workload("gateway"))
    services = rendered.of("Service")
    store_scheme, _, store = given["STORE_URL"].partition("://")
    for address, name in ((store, "parley-store"), (given["NOTIFIERS"], "parley-notifier")):
        (port,) = services[name]["spec"]["ports"]
        assert address == f"{name}:{port['port']}"
        assert port["appProtocol"] == store_scheme
    notifiers = services["parley-notifier"]["spec"]
    assert (notifiers["clusterIP"], notifiers["publishNotReadyAddresses"]) == ("None", True)


def test_in_production_everything_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for workload in overlay("production").workloads:
        folder = tmp_path / workload.component
        folder.mkdir()
        with monkeypatch.context() as environment:
            settings = started(overlay("production"), workload, folder, environment)
        if isinstance(settings, KafkaSettings):
            assert settings.uses_sasl
            assert settings.uses_tls
            assert settings.kafka_username == f"parley-kafka-{workload.component}"
        if isinstance(settings, DatabaseSettings):
            assert settings.database_ca_file is not None
        if isinstance(settings, GatewaySettings):
            assert settings.internal_tls() is not None
            assert settings.is_https
            assert not settings.allow_insecure_internal
            assert not settings.allow_insecure_auth
            assert settings.ticket_keys != SecretStr("")
            assert settings.proxies is not None
        elif workload.component in ("store", "notifier"):
            assert getattr(settings, "key_pair", None) is not None


@pytest.mark.parametrize("name", ["minimal", "production"])
def test_users_of_the_web_client_sign_in_at_the_issuer_of_tokens(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = started(overlay(name), overlay(name).workload("gateway"), tmp_path, monkeypatch)
    assert isinstance(settings, GatewaySettings)
    assert settings.oidc_issuer == settings.jwt_issuer
    assert settings.oidc_client_id


@pytest.mark.parametrize("name", ["minimal", "ci"])
def test_any_broker_takes_the_session_timeout(name: str) -> None:
    """Its default for the least is six seconds."""
    for component in ("projector", "notifier"):
        assert overlay(name).settings(overlay(name).workload(component))["SESSION_TIMEOUT"] == "6"
