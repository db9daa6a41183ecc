"""What a process needs to be let into Kafka, and one clear line for what does not fit together."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.kafka.connection import connection_arguments
from shared.runtime.kafka_settings import KafkaSettings

SASL = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_username": "parley-gateway",
    "kafka_password": "hidden",
}


def test_by_default_clients_connect_in_the_clear() -> None:
    assert connection_arguments(KafkaSettings()) == {
        "bootstrap_servers": "127.0.0.1:9092",
        "security_protocol": "PLAINTEXT",
    }
    assert connection_arguments("any:1") == {"bootstrap_servers": "any:1"}


def test_sasl_over_tls_checks_the_broker_s_certificate_and_its_name() -> None:
    settings = KafkaSettings.model_validate(SASL)
    arguments = connection_arguments(settings)
    context = arguments.pop("ssl_context")
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert arguments == {
        "bootstrap_servers": "127.0.0.1:9092",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "parley-gateway",
        "sasl_plain_password": "hidden",
    }
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"kafka_security_protocol": "TLS"}, "'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'"),
        (SASL | {"kafka_sasl_mechanism": "GSSAPI"}, "'PLAIN', 'SCRAM-SHA-256' or 'SCRAM-SHA-512'"),
        (SASL | {"kafka_sasl_mechanism": ""}, "SASL_SSL needs KAFKA_SASL_MECHANISM"),
        (SASL | {"kafka_username": "", "kafka_password": ""}, "needs KAFKA_USERNAME, KAFKA_PASSWORD"),
        (
            SASL | {"kafka_security_protocol": "PLAINTEXT"},
            "does not use KAFKA_SASL_MECHANISM, KAFKA_USERNAME",
        ),
        (SASL | {"kafka_security_protocol": "SSL"}, "does not use KAFKA_SASL_MECHANISM"),
        (
            SASL | {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ca_file": "/ca.pem"},
            "does not use KAFKA_CA_FILE",
        ),
        ({"kafka_ca_file": "/ca.pem"}, "PLAINTEXT does not use KAFKA_CA_FILE"),
        (SASL | {"kafka_ca_file": "/nowhere"}, "KAFKA_CA_FILE: /nowhere cannot be used: No such file"),
        (SASL | {"kafka_ca_file": __file__}, f"KAFKA_CA_FILE: {__file__} cannot be used"),
        (SASL | {"kafka_cert_file": __file__}, "KAFKA_CERT_FILE, KAFKA_KEY_FILE: "),
        (SASL | {"kafka_key_file": "/key.pem"}, "need KAFKA_CERT_FILE"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(given: dict[str, str], reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        KafkaSettings.model_validate(given)
    assert reason in str(refused.value).replace("\n", " ")
    assert "hidden" not in refused.value.errors(include_input=False)[0]["msg"]


def test_a_password_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("hidden\n")
    monkeypatch.setenv("KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    settings = KafkaSettings.model_validate({name: SASL[name] for name in SASL if name != "kafka_password"})
    assert connection_arguments(settings)["sasl_plain_password"] == "hidden"
