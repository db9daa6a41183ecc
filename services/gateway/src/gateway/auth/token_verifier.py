"""Verifies access tokens (RFC 7519, RFC 8725) and maps their claims to a principal."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from cachetools import LRUCache
from jwt.exceptions import PyJWTError
from pydantic import TypeAdapter, ValidationError

from gateway.auth.authenticator import unauthenticated
from gateway.auth.key_source import KeySource
from gateway.auth.keys import ALGORITHMS, VerificationKey
from gateway.auth.principal import Principal, Scope
from shared.contract.fields import UserId
from shared.http.problems import Problem
from shared.runtime import security_events

MAX_TOKEN_BYTES = 8 * 1024
_MAX_CACHED_TOKENS = 16_384
_MAX_NAME = 128
_MAX_MOMENT = 1e12
"""POSIX seconds, far beyond any real one."""
_RETRY_AFTER_SECONDS = 5
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c"})
"""They name or carry a key of the sender's choice."""
_EXPIRED = jwt.ExpiredSignatureError.__name__
_TYPES = frozenset({"jwt", "at+jwt"})
"""Of access tokens (RFC 9068, section 2.1). What the issuer signs for another purpose, such as a logout
token, has another type (RFC 8725, section 3.11)."""
_SCOPES: dict[str, Scope] = {"user": "user", "service": "service", "operator": "operator"}
_user_id: TypeAdapter[str] = TypeAdapter(UserId)
_decoder = jwt.PyJWT({"enforce_minimum_key_length": True})


@dataclass(frozen=True)
class TokenRules:
    issuer: str
    audience: Collection[str]
    """One of them must be among the token's."""
    user_claim: str
    max_age_seconds: float
    """The longest life, from `iat` to `exp`."""
    leeway_seconds: float
    """Tolerance for clocks that differ."""


class InvalidToken(Exception):
    """The message gives the reason, without content; never sent to the client."""


class TokenVerifier:
    """Remembers verified tokens by their digest, so that one costs a verification only once."""

    def __init__(
        self, keys: KeySource, rules: TokenRules, *, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._source = keys
        self._rules = rules
        self._wall_clock = wall_clock
        self._keys = keys.keys
        self._verified: LRUCache[bytes, Principal] = LRUCache(_MAX_CACHED_TOKENS)
        """By the digest of the token; valid for `_keys`."""

    async def verify(self, token: str) -> Principal:
        """Return the principal of an access token. Raises Problem: 401, and 503 while no key is known or the
        token's key may be one that could not be loaded."""
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise unauthenticated()
        digest = sha256(token.encode()).digest()
        principal = self._cached(digest)
        if principal is None:
            try:
                principal = await self._verify(token)
            except InvalidToken as error:
                security_events.explain("token_refused", str(error))
                raise unauthenticated() from None
            self._verified[digest] = principal
        return principal

    def _cached(self, digest: bytes) -> Principal | None:
        if self._keys is not self._source.keys:  # rotated: a token of a withdrawn key is refused
            self._keys = self._source.keys
            self._verified.clear()
        principal = self._verified.get(digest)
        if principal is None or (principal.expires_at or 0) > self._wall_clock():
            return principal
        del self._verified[digest]
        security_events.explain("token_refused", _EXPIRED)
        raise unauthenticated()

    async def _verify(self, token: str) -> Principal:
        algorithm, kid = _parse_header(token)
        candidates = self._candidates(algorithm, kid)
        if not candidates:
            await self._source.reload_for_unknown_kid()
            candidates = self._candidates(algorithm, kid)
            if self._source.is_outdated and self._is_unknown(kid):
                raise _unverifiable()
        for key in candidates:
            if (claims := self._decode(token, key, algorithm)) is not None:
                return self._principal(claims)
        raise InvalidToken("no key fits")

    def _candidates(self, algorithm: str, kid: str | None) -> list[VerificationKey]:
        keys = self._source.keys
        if keys is None:
            raise _unverifiable()
        return [key for key in keys if key.verifies(algorithm, kid)]

    def _is_unknown(self, kid: str | None) -> bool:
        """Whether a key of this id may be one that the issuer has published since the last load."""
        return kid is not None and all(key.kid not in (None, kid) for key in self._source.keys or ())

    def _decode(self, token: str, key: VerificationKey, algorithm: str) -> dict[str, Any] | None:
        """Return the claims; None when the token is signed by another key."""
        try:
            return _decoder.decode(
                token,
                key.key,
                algorithms=[algorithm],
                options={"require": ["exp", "iat", "iss", "aud"]},
                audience=list(self._rules.audience),
                issuer=self._rules.issuer,
                leeway=self._rules.leeway_seconds,
            )
        except jwt.InvalidSignatureError:
            return None
        except (PyJWTError, ValueError, OverflowError) as error:
            raise InvalidToken(type(error).__name__) from None

    def _principal(self, claims: dict[str, Any]) -> Principal:
        issued_at, expires_at = _moment(claims["iat"]), _moment(claims["exp"])
        if expires_at - issued_at > self._rules.max_age_seconds:
            raise InvalidToken("lives too long")
        try:
            user = _user_id.validate_python(claims.get(self._rules.user_claim))
        except ValidationError:
            raise InvalidToken("no valid user id") from None
        name = claims.get("name")
        return Principal(
            user_id=user,
            scopes=_scopes(claims.get("scope")),
            expires_at=expires_at + self._rules.leeway_seconds,
            issued_at=issued_at,
            name=name if isinstance(name, str) and 0 < len(name) <= _MAX_NAME else None,
        )


def _unverifiable() -> Problem:
    detail = "tokens cannot be verified now; try again"
    return Problem("unavailable", detail, retry_after=_RETRY_AFTER_SECONDS)


def _parse_header(token: str) -> tuple[str, str | None]:
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError):
        raise InvalidToken("no header") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(kid, str | None):
        raise InvalidToken("an alg that is never accepted, or a kid that is no text")
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise InvalidToken("names its own key")
    if not _is_access_token_type(header.get("typ")):
        raise InvalidToken("its type is not that of an access token")
    return algorithm, kid


def _is_access_token_type(typ: object) -> bool:
    """`application/` may be left out (RFC 7515, section 4.1.9)."""
    return typ is None or (isinstance(typ, str) and typ.lower().removeprefix("application/") in _TYPES)


def _moment(value: object) -> float:
    """Return a NumericDate (RFC 7519, section 2)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MAX_MOMENT:
        raise InvalidToken("a time is no number, or out of range")
    return float(value)


def _scopes(claim: object) -> frozenset[Scope]:
    """Return those of the `scope` claim (RFC 8693, section 4.2) that the gateway knows; `user` without
    any."""
    names = claim.split(" ") if isinstance(claim, str) else ()
    return frozenset(_SCOPES[name] for name in names if name in _SCOPES) or frozenset({"user"})
