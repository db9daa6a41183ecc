"""How Parley's services prove themselves to one another: a shared token, and certificates."""

import re
import ssl
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from shared.runtime.environment import EmptyIsNone, EnvironmentSettings

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,256}")
_MIN_DISTINCT_CHARACTERS = 8
_OptionalPath = Annotated[Path | None, EmptyIsNone]


class KeyPair(NamedTuple):
    """Files (PEM) with a certificate and its chain, and with its key."""

    certificate: Path
    key: Path


class ServiceSettings(EnvironmentSettings):
    """Settings of every process that calls another of Parley's services, or is called by one."""

    service_token: SecretStr = Field(default=SecretStr(""), validate_default=True)
    """The same secret for message-store serve, notifiers and gateways; several, separated by commas, while it
    is changed: the first is used, all are accepted."""

    @property
    def service_tokens(self) -> tuple[str, ...]:
        return _split(self.service_token)

    @field_validator("service_token")
    @classmethod
    def _check_tokens(cls, given: SecretStr) -> SecretStr:
        tokens = _split(given)
        if not tokens or not all(_TOKEN.fullmatch(token) for token in tokens):
            raise ValueError(
                "set it, or SERVICE_TOKEN_FILE, to one secret for all services: 16 to 256 letters, digits or "
                "- . _ ~ + / = (`openssl rand -hex 32` makes one)"
            )
        if any(len(set(token)) < _MIN_DISTINCT_CHARACTERS for token in tokens):
            raise ValueError("it is too easy to guess: `openssl rand -hex 32` makes a good one")
        return given


def _split(tokens: SecretStr) -> tuple[str, ...]:
    return tuple(token.strip() for token in tokens.get_secret_value().split(",") if token.strip())


class ServedSettings(ServiceSettings):
    """Settings of the processes that gateways call: message-store serve and notifiers."""

    tls_cert_file: _OptionalPath = None
    """Certificate (PEM) with its chain; with it the port takes TLS alone."""
    tls_key_file: _OptionalPath = None

    @property
    def key_pair(self) -> KeyPair | None:
        if self.tls_cert_file is None or self.tls_key_file is None:
            return None
        return KeyPair(self.tls_cert_file, self.tls_key_file)

    def files_read_once(self) -> dict[str, Path]:
        own = {} if self.key_pair is None else {"TLS_CERT_FILE": self.key_pair.certificate}
        return {**super().files_read_once(), **own}

    @model_validator(mode="after")
    def _check_key_pair(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("TLS_CERT_FILE and TLS_KEY_FILE: set both or none")
        if self.key_pair is not None:
            try:
                # with a function OpenSSL does not ask for a password on the terminal
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self.key_pair, lambda: "")
            except (OSError, ValueError) as error:  # ssl.SSLError too
                reason = getattr(error, "strerror", None) or error
                raise ValueError(f"TLS_CERT_FILE, TLS_KEY_FILE: cannot be used: {reason}") from None
        return self


class CallerSettings(ServiceSettings):
    """Settings of the processes that call them: gateways."""

    internal_ca_file: _OptionalPath = None
    """Certificates (PEM) of the authorities that sign those of message-store serve and notifiers. With it
    both are called over TLS alone."""

    def files_read_once(self) -> dict[str, Path]:
        own = {} if self.internal_ca_file is None else {"INTERNAL_CA_FILE": self.internal_ca_file}
        return {**super().files_read_once(), **own}

    def internal_tls(self) -> ssl.SSLContext | None:
        """Return the context for calls to other services; None for calls in the clear. Raises ValueError."""
        if self.internal_ca_file is None:
            return None
        try:
            return ssl.create_default_context(cafile=self.internal_ca_file)
        except OSError as error:  # ssl.SSLError too
            reason = error.strerror or error
            raise ValueError(f"INTERNAL_CA_FILE: {self.internal_ca_file} cannot be used: {reason}") from None
