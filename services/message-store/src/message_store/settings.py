"""Settings of message-store, from environment variables."""

from pydantic import Field, PostgresDsn, Secret

from shared.runtime.settings import KafkaSettings, ProcessSettings, ServiceSettings


class MigrateSettings(ProcessSettings):
    database_url: Secret[PostgresDsn]
    """postgresql://user:password@host:port/database"""

    @property
    def dsn(self) -> str:
        """DATABASE_URL with its password: for psycopg only."""
        return str(self.database_url.get_secret_value())


class ServeSettings(MigrateSettings, ServiceSettings):
    connections: int = Field(default=6, ge=2, le=200)
    """Maximum number of connections to PostgreSQL that read."""
    tickets_database_url: Secret[PostgresDsn] | None = None
    """The database as a role that may select, insert and delete rows of `redeemed_tickets`, and nothing else;
    by default `database_url`."""
    ticket_connections: int = Field(default=2, ge=1, le=20)
    """Maximum number of connections that redeem tickets."""

    @property
    def tickets_dsn(self) -> str:
        """TICKETS_DATABASE_URL, else DATABASE_URL, with its password: for psycopg only."""
        return str((self.tickets_database_url or self.database_url).get_secret_value())


class ProjectSettings(MigrateSettings, KafkaSettings):
    stalled_after: float = Field(default=30.0, ge=1)
    """Seconds without progress, although there is work, after which /healthz fails."""
