"""Configuration by environment variables only, read once by each process's `main`."""

import re
import sys
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

from shared.runtime.environment import CommaSeparated, EnvironmentSettings
from shared.runtime.kafka_settings import KafkaSettings
from shared.runtime.open_files import default_connection_limit
from shared.runtime.service_settings import KeyPair, ServiceSettings
from shared.runtime.tracing_settings import TracingSettings

__all__ = [
    "EnvironmentSettings",
    "KafkaSettings",
    "ProcessSettings",
    "ServiceSettings",
    "TracingSettings",
    "load_settings",
]

S = TypeVar("S", bound=BaseSettings)

_host_name = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def _host_names(names: list[str]) -> list[str]:
    lower = [name.lower() for name in names]
    for name in lower:
        if _host_name.fullmatch(name) is None:
            raise ValueError(f"{name!r} is not a host name: no scheme, no port, separated by commas")
    return lower


class ProcessSettings(EnvironmentSettings):
    """Settings of every process."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    """0: any free port."""
    admin_host: str = "127.0.0.1"
    admin_port: int = Field(default=0, ge=0, le=65_535)
    """Of probes, metrics and operators' calls. 0: any free port."""
    admin_allowed_hosts: Annotated[CommaSeparated, AfterValidator(_host_names)] = Field(default=[])
    """Names with a dot that the admin port answers as, besides addresses and names without one."""
    max_connections: int = Field(default_factory=default_connection_limit, ge=16)
    """Open at one time, WebSockets included."""
    drain_seconds: float = Field(default=10, ge=8, le=3_600, allow_inf_nan=False)
    """From SIGTERM to the end of the process, at most. A gateway's sockets leave evenly within it."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    env: Literal["development", "production"] = "development"
    revision: str = ""
    """The commit that this was built from: shown in the metric `parley_build_info`."""

    @property
    def key_pair(self) -> KeyPair | None:
        """With it `port` takes TLS alone."""
        return None

    @model_validator(mode="after")
    def _two_ports(self) -> Self:
        if self.port and self.admin_port == self.port:
            raise ValueError(f"ADMIN_PORT must be another port than PORT ({self.port})")
        return self


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
