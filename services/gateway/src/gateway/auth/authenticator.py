"""The port by which handlers learn the caller."""

from typing import Protocol

from gateway.auth.credentials import Credentials
from gateway.auth.principal import Principal
from shared.http.problems import Problem


class Authenticator(Protocol):
    async def authenticate(self, credentials: Credentials) -> Principal:
        """Return the caller. Raises Problem: `unauthenticated()` for anything but valid credentials, and 503
        while credentials cannot be verified."""
        ...


def unauthenticated() -> Problem:
    """Return the one Problem for missing and for invalid credentials, so that it reveals nothing."""
    return Problem(
        "unauthenticated",
        "missing or invalid credentials: send Authorization: Bearer <token> "
        "(with AUTH=dev: Bearer <user id>, or meId=<user id>)",
    )


def check_me_id(principal: Principal, me_id: str | None) -> None:
    """Raises Problem (403) when `meId` names another user than the caller."""
    if me_id is not None and me_id != principal.user_id:
        raise Problem("forbidden", "meId is not the authenticated user")
