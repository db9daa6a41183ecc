"""Configuration by environment variables only, read once by each process's `main`."""

import re
import sys
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.runtime.open_files import default_connection_limit

S = TypeVar("S", bound=BaseSettings)


class ProcessSettings(BaseSettings):
    """Settings of every process."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    """0: any free port."""
    admin_host: str = "127.0.0.1"
    admin_port: int = Field(default=0, ge=0, le=65_535)
    """Of probes, metrics and operators' calls. 0: any free port."""
    max_connections: int = Field(default_factory=default_connection_limit, ge=16)
    """Open at one time, WebSockets included."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    env: Literal["development", "production"] = "development"

    @model_validator(mode="after")
    def _two_ports(self) -> Self:
        if self.port and self.admin_port == self.port:
            raise ValueError(f"ADMIN_PORT must be another port than PORT ({self.port})")
        return self


class KafkaSettings(BaseSettings):
    """Settings of every process that reads or writes the log."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

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


_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,256}")


class ServiceSettings(BaseSettings):
    """Settings of every process that calls another of Parley's services, or is called by one."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    service_token_file: str = ""
    """A file that holds the token, instead of `SERVICE_TOKEN`."""
    service_token: SecretStr = Field(default=SecretStr(""), validate_default=True)
    """The same secret for message-store serve, notifiers and gateways."""

    @field_validator("service_token")
    @classmethod
    def _from_value_or_file(cls, given: SecretStr, info: ValidationInfo) -> SecretStr:
        token, path = given.get_secret_value(), info.data.get("service_token_file")
        if not token and path:
            try:
                token = Path(path).read_text().strip()
            except (OSError, UnicodeError) as error:
                raise ValueError(f"SERVICE_TOKEN_FILE cannot be read: {error}") from None
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                "set it, or SERVICE_TOKEN_FILE, to one secret for all services: 16 to 256 letters, digits or "
                "- . _ ~ + / = (`openssl rand -hex 32` makes one)"
            )
        return SecretStr(token)


_FOLLOW_UP_ERROR = "default_factory_not_called"
"""The error of a default that is computed from other settings, when one of these is invalid."""


def load_settings(settings: type[S], **overrides: Any) -> S:
    """Read the settings of this process; `overrides` take precedence over the environment.

    Invalid settings end the process with one line that names them, and status 2.
    """
    try:
        return settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(_describe(each) for each in error.errors() if each["type"] != _FOLLOW_UP_ERROR)
    except SettingsError as error:
        faults = str(error)
    print(f"bad settings: {faults}", file=sys.stderr)
    raise SystemExit(2)


def _describe(error: ErrorDetails) -> str:
    names = [str(each).upper() for each in error["loc"]]
    return ": ".join([*names[:1], error["msg"].removeprefix("Value error, ")])
