"""Builds the authenticator that the settings ask for."""

from functools import partial
from pathlib import Path

import aiohttp

from gateway.auth.authenticator import Authenticator
from gateway.auth.dev import DevAuthenticator
from gateway.auth.jwt import JwtAuthenticator
from gateway.auth.key_source import KeySource, Load, from_file, from_text, from_url
from gateway.auth.keys import parse_keys
from gateway.auth.settings import JwtSettings
from gateway.auth.token_verifier import TokenRules, TokenVerifier
from gateway.settings import Settings


def build(settings: Settings, keys: KeySource | None) -> Authenticator:
    """Build the authenticator; `keys` as `key_source` returns them."""
    if keys is None:
        return DevAuthenticator()
    verifier = TokenVerifier(keys, _rules(settings))
    return JwtAuthenticator(verifier.verify, allow_url_tokens=settings.allow_url_tokens)


def key_source(settings: Settings, session: aiohttp.ClientSession) -> KeySource | None:
    """Return where the keys come from; None with AUTH=dev. The caller runs its `refresh`."""
    if settings.auth == "dev":
        return None
    return KeySource(_load(settings, session), partial(parse_keys, allowed=settings.jwt_algorithms))


def _load(settings: JwtSettings, session: aiohttp.ClientSession) -> Load:
    if settings.jwt_keys_are_remote:
        return from_url(session, settings.jwt_keys)
    if "-----" in settings.jwt_keys:
        return from_text(settings.jwt_keys)
    return from_file(Path(settings.jwt_keys))


def _rules(settings: JwtSettings) -> TokenRules:
    return TokenRules(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        user_claim=settings.jwt_user_claim,
        max_age_seconds=settings.jwt_max_age,
        leeway_seconds=settings.jwt_leeway,
    )
