"""What a request or an upgrade carries to prove its caller. Nothing is verified here."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from starlette.datastructures import Headers

SUBPROTOCOL = "parley.v1"
_BEARER_PREFIX = "bearer."


class Credentials(NamedTuple):
    authorization: Sequence[str] = ()
    """The values of all `Authorization` fields."""
    protocol_tokens: Sequence[str] = ()
    """The tokens of all sub-protocols `bearer.<token>`."""
    url_tokens: Sequence[str] = ()
    """Every `token` in the URL of a WebSocket."""
    me_ids: Sequence[str] | None = None
    """Every `meId` of a REST call; None without one, and for a WebSocket."""

    @classmethod
    def of_request(cls, headers: Headers, query: Mapping[str, Sequence[str]]) -> Self:
        return cls(authorization=headers.getlist("authorization"), me_ids=query.get("meId"))

    @classmethod
    def of_upgrade(cls, headers: Headers, query: Mapping[str, Sequence[str]]) -> Self:
        offered = subprotocols(headers)
        return cls(
            authorization=headers.getlist("authorization"),
            protocol_tokens=[
                protocol.removeprefix(_BEARER_PREFIX)
                for protocol in offered
                if protocol.startswith(_BEARER_PREFIX)
            ],
            url_tokens=query.get("token", ()),
        )

    @classmethod
    def of_renewal(cls, token: str) -> Self:
        """Those of a WebSocket that is open already."""
        return cls(protocol_tokens=[token])

    def tokens(self) -> list[str | None]:
        """Return the token of each place that has one; None for a place with several, or with something
        else."""
        places = [_bearer_token(self.authorization)] if self.authorization else []
        return places + [_single(tokens) for tokens in (self.protocol_tokens, self.url_tokens) if tokens]


def subprotocols(headers: Headers) -> list[str]:
    """Return the sub-protocols that an upgrade offers (RFC 6455, section 11.3.4)."""
    lines = headers.getlist("sec-websocket-protocol")
    return [protocol.strip() for line in lines for protocol in line.split(",")]


def _bearer_token(authorization: Sequence[str]) -> str | None:
    """Return the token of a single `Authorization` (RFC 9110, section 11.6.2; one space or several before
    the token)."""
    scheme, _, token = authorization[0].partition(" ")
    if len(authorization) > 1 or scheme.lower() != "bearer":
        return None
    return _decode_utf8(token.strip(" "))


def _single(tokens: Sequence[str]) -> str | None:
    return tokens[0] if len(tokens) == 1 else None


def _decode_utf8(header: str) -> str | None:
    """Header values arrive as Latin-1; clients send UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return None
