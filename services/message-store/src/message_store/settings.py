"""Settings of message-store, from environment variables."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PostgresDsn, Secret

from shared.runtime.service_settings import ServedSettings
from shared.runtime.settings import KafkaSettings, ProcessSettings, TracingSettings


class DatabaseSettings(ProcessSettings):
    database_url: Secret[PostgresDsn]
    """postgresql://user:password@host:port/database"""

    @property
    def dsn(self) -> str:
        """DATABASE_URL with its password: for psycopg only."""
        return str(self.database_url.get_secret_value())


_OptionalUrl = Annotated[Secret[PostgresDsn] | None, BeforeValidator(lambda value: value or None)]


class MigrateSettings(DatabaseSettings):
    """DATABASE_URL is the owner's. The others name the roles to set up, each in the URL by which the process
    that uses it connects."""

    projector_database_url: _OptionalUrl = None
    reader_database_url: _OptionalUrl = None
    tickets_database_url: _OptionalUrl = None

    @property
    def role_urls(self) -> dict[str, str]:
        """The URLs given, by purpose."""
        urls = {
            "projector": self.projector_database_url,
            "reader": self.reader_database_url,
            "tickets": self.tickets_database_url,
        }
        return {name: str(url.get_secret_value()) for name, url in urls.items() if url is not None}


class ServeSettings(ServedSettings, DatabaseSettings):
    connections: int = Field(default=6, ge=2, le=200)
    """Maximum number of connections to PostgreSQL that read."""
    tickets_database_url: _OptionalUrl = None
    """The database as a role that may select, insert and delete rows of `redeemed_tickets`, and nothing else;
    by default `database_url`."""
    ticket_connections: int = Field(default=2, ge=1, le=20)
    """Maximum number of connections that redeem tickets."""

    @property
    def tickets_dsn(self) -> str:
        """TICKETS_DATABASE_URL, else DATABASE_URL, with its password: for psycopg only."""
        return str((self.tickets_database_url or self.database_url).get_secret_value())


class ProjectSettings(DatabaseSettings, KafkaSettings, TracingSettings):
    stalled_after: float = Field(default=30.0, ge=1)
    """Seconds without progress, although there is work, after which /healthz fails."""
