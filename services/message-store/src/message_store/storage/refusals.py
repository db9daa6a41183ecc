"""Why PostgreSQL, or the check of its certificate, refuses a connection, and what an operator has to do."""

from typing import NamedTuple

import psycopg


class _Rule(NamedTuple):
    text: str
    """Part of libpq's or the server's message."""
    remedy: str


_UNTRUSTED = (
    _Rule(
        "certificate verify failed", "DATABASE_CA_FILE must hold the authority that signed its certificate"
    ),
    _Rule(
        "does not match host name",
        "the host in DATABASE_URL must be a name in the server's certificate",
    ),
    _Rule(
        "root certificate file",
        "DATABASE_CA_FILE, or sslrootcert in DATABASE_URL, must name a file that is there",
    ),
    _Rule("could not read root certificate", "DATABASE_CA_FILE must hold certificates (PEM)"),
    _Rule("does not support SSL", "turn `ssl` on at the server, or do not set DATABASE_CA_FILE"),
)
"""TLS: another attempt fails alike."""
_REFUSED = (
    _Rule("no encryption", "the server wants TLS: set DATABASE_CA_FILE"),
    _Rule("password authentication failed", "check user and password in DATABASE_URL"),
    _Rule("no pg_hba.conf entry", "check user and database in DATABASE_URL, and the server's pg_hba.conf"),
)


def untrusted(error: psycopg.Error) -> str | None:
    """Return in one line why no TLS connection can be made, and what to do; None if that is not the cause."""
    return _explain(error, _UNTRUSTED)


def refusal(error: psycopg.Error) -> str | None:
    """Return in one line why the connection was refused, and what to do; None if the server is away."""
    return _explain(error, (*_UNTRUSTED, *_REFUSED))


def _explain(error: psycopg.Error, rules: tuple[_Rule, ...]) -> str | None:
    message = " ".join(str(error).split())
    return next((f"{message}: {rule.remedy}" for rule in rules if rule.text in message), None)
