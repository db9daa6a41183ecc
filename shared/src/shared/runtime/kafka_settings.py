"""How every process reaches Kafka, and proves itself there."""

import ssl
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from shared.runtime.environment import EmptyIsNone, EnvironmentSettings

_OptionalPath = Annotated[Path | None, EmptyIsNone]


class KafkaSettings(EnvironmentSettings):
    """Settings of every process that reads or writes the log."""

    kafka_bootstrap: str = "127.0.0.1:9092"
    """host:port[,host:port …]"""
    topic_prefix: str = Field(default="", pattern=r"^[a-z0-9.-]*$")
    """Prefix of every topic and group name, for several deployments on one cluster."""
    source: str = Field(default="parley", min_length=1, max_length=256)
    """CloudEvents `source`: the name of this deployment."""
    session_timeout: float = Field(default=3.0, ge=0.5, le=300)
    """Seconds after which a silent group member loses its partitions: how long a killed member's partitions
    are not processed, and how long a live one may stall. At least the broker's
    `group.min.session.timeout.ms`."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None, EmptyIsNone
    ] = None
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: _OptionalPath = None
    """Certificates (PEM) of the authorities that may sign the brokers'; those of the system when not set."""
    kafka_cert_file: _OptionalPath = None
    """This client's certificate (PEM) with its chain, and the key too unless KAFKA_KEY_FILE holds it."""
    kafka_key_file: _OptionalPath = None
    kafka_key_password: SecretStr = SecretStr("")
    """Decrypts the key of the client's certificate."""

    @property
    def uses_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL_")

    @property
    def uses_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    def tls_context(self) -> ssl.SSLContext | None:
        """Return a new context with what the files hold now; None without TLS. The broker's certificate must
        be signed by a trusted authority and name the host. Raises ValueError, which names the setting."""
        if not self.uses_tls:
            return None
        setting, path = "KAFKA_CA_FILE", self.kafka_ca_file
        try:
            context = ssl.create_default_context(cafile=path)
            if self.kafka_cert_file is not None:
                setting, path = "KAFKA_CERT_FILE, KAFKA_KEY_FILE", self.kafka_cert_file
                # with a function OpenSSL does not ask for the password on the terminal
                context.load_cert_chain(
                    self.kafka_cert_file, self.kafka_key_file, self.kafka_key_password.get_secret_value
                )
        except (OSError, ValueError) as error:  # ssl.SSLError too
            reason = getattr(error, "strerror", None) or error
            raise ValueError(f"{setting}: {path} cannot be used: {reason}") from None
        return context

    @model_validator(mode="after")
    def _check_security(self) -> Self:
        protocol = f"KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol}"
        sasl = {
            "KAFKA_SASL_MECHANISM": self.kafka_sasl_mechanism,
            "KAFKA_USERNAME": self.kafka_username,
            "KAFKA_PASSWORD": self.kafka_password.get_secret_value(),
        }
        tls = {
            "KAFKA_CA_FILE": self.kafka_ca_file,
            "KAFKA_CERT_FILE": self.kafka_cert_file,
            "KAFKA_KEY_FILE": self.kafka_key_file,
            "KAFKA_KEY_PASSWORD": self.kafka_key_password.get_secret_value(),
        }
        if self.uses_sasl and (missing := [name for name, value in sasl.items() if not value]):
            raise ValueError(f"{protocol} needs {', '.join(missing)}")
        unused = [] if self.uses_sasl else [name for name, value in sasl.items() if value]
        unused += [] if self.uses_tls else [name for name, value in tls.items() if value]
        if unused:
            raise ValueError(f"{protocol} does not use {', '.join(unused)}: set SASL_SSL, or unset them")
        if self.kafka_cert_file is None and (self.kafka_key_file or tls["KAFKA_KEY_PASSWORD"]):
            raise ValueError("KAFKA_KEY_FILE and KAFKA_KEY_PASSWORD need KAFKA_CERT_FILE")
        self.tls_context()
        return self
