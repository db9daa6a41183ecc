"""Settings of message-store, from environment variables."""

from pydantic import Field, PostgresDsn

from shared.runtime.settings import KafkaSettings, ProcessSettings, ServiceSettings


class MigrateSettings(ProcessSettings):
    database_url: PostgresDsn
    """postgresql://user:password@host:port/database"""


class ServeSettings(MigrateSettings, ServiceSettings):
    connections: int = Field(default=6, ge=2, le=200)
    """Maximum number of connections to PostgreSQL."""


class ProjectSettings(MigrateSettings, KafkaSettings):
    stalled_after: float = Field(default=30.0, ge=1)
    """Seconds without progress, although there is work, after which /healthz fails."""
