"""Settings of message-store, from environment variables."""

import ssl
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import Field, PostgresDsn, Secret, model_validator

from shared.runtime.environment import EmptyIsNone
from shared.runtime.secret_files import is_secret
from shared.runtime.service_settings import ServedSettings
from shared.runtime.settings import KafkaSettings, ProcessSettings, TracingSettings

_OptionalUrl = Annotated[Secret[PostgresDsn] | None, EmptyIsNone]


class DatabaseSettings(ProcessSettings):
    database_url: Secret[PostgresDsn]
    """postgresql://user:password@host:port/database"""
    database_ca_file: Annotated[Path | None, EmptyIsNone] = None
    """Certificates (PEM) of the authorities that sign PostgreSQL's. With it every connection is TLS, and the
    server must prove that it is the host of its URL (`sslmode=verify-full`)."""

    @property
    def dsn(self) -> str:
        """DATABASE_URL with its password: for psycopg only."""
        return self._connection_url(self.database_url)

    def _connection_url(self, url: Secret[PostgresDsn]) -> str:
        text = str(url.get_secret_value())
        if self.database_ca_file is None:
            return text
        options = urlencode(
            {"sslmode": "verify-full", "sslrootcert": str(self.database_ca_file)}, quote_via=quote
        )
        return f"{text}{'&' if '?' in text else '?'}{options}"

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if self.database_ca_file is None:
            return self
        for name, field in type(self).model_fields.items():
            url = getattr(self, name)
            if name.endswith("database_url") and is_secret(field) and url is not None:
                options = parse_qs(urlsplit(str(url.get_secret_value())).query)
                if given := [option for option in ("sslmode", "sslrootcert") if option in options]:
                    raise ValueError(f"{name.upper()} has {given[0]}: remove it, or unset DATABASE_CA_FILE")
        try:
            ssl.create_default_context(cafile=self.database_ca_file)
        except OSError as error:  # ssl.SSLError too
            reason = error.strerror or error
            raise ValueError(f"DATABASE_CA_FILE: {self.database_ca_file} cannot be used: {reason}") from None
        return self


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
        return {name: self._connection_url(url) for name, url in urls.items() if url is not None}


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
        return self._connection_url(self.tickets_database_url or self.database_url)


class ProjectSettings(DatabaseSettings, KafkaSettings, TracingSettings):
    stalled_after: float = Field(default=30.0, ge=1)
    """Seconds without progress, although there is work, after which /healthz fails."""
