"""The issuer's keys: rotated, withdrawn, away, and not what they should be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import jwt
import pytest
import structlog

from gateway.auth import key_source
from gateway.auth.key_source import KeySource, from_file, from_url
from gateway.auth.keys import ALGORITHMS, parse_keys
from gateway.auth.principal import Principal
from gateway.auth.token_verifier import TokenRules, TokenVerifier
from shared.http.problems import Problem
from tests.fixtures.issuer import AUDIENCE, ISSUER, Fault, Issuer, SigningKey, rsa_key, serve_issuer

RULES = TokenRules(ISSUER, [AUDIENCE], "sub", max_age_seconds=86_400, leeway_seconds=0)
_parse = partial(parse_keys, allowed=ALGORITHMS)


class Verifier:
    """A verifier whose source can be made to refresh at once."""

    def __init__(self, source: KeySource) -> None:
        self.source = source
        self._verifier = TokenVerifier(source, RULES)

    async def user(self, token: str) -> str:
        principal: Principal = await self._verifier.verify(token)
        return principal.user_id

    async def status(self, token: str) -> int:
        """The status that a call with the token gets."""
        try:
            await self._verifier.verify(token)
        except Problem as problem:
            return problem.status
        return 200

    async def refresh(self) -> None:
        """Load as the refresh in the background does."""
        task = asyncio.create_task(self.source.refresh())
        await asyncio.sleep(0)
        while self.source._loading is not None:
            await asyncio.sleep(0.005)
        task.cancel()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with serve_issuer() as issuer:
        yield issuer


@asynccontextmanager
async def verifying(issuer: Issuer) -> AsyncIterator[Verifier]:
    async with aiohttp.ClientSession() as session:
        yield Verifier(KeySource(from_url(session, issuer.url), _parse))


@pytest.fixture
async def verifier(issuer: Issuer) -> AsyncIterator[Verifier]:
    async with verifying(issuer) as verifier:
        await verifier.refresh()
        yield verifier


async def test_until_keys_are_known_the_answer_is_503_with_a_delay(issuer: Issuer) -> None:
    issuer.fault = "down"
    async with verifying(issuer) as verifier:
        await verifier.refresh()
        with pytest.raises(Problem) as refused:
            await verifier.user(issuer.token("ann"))
        assert (refused.value.status, refused.value.retry_after) == (503, 5)
        issuer.fault = None
        await verifier.refresh()
        assert await verifier.user(issuer.token("ann")) == "ann"


async def test_a_new_key_is_fetched_when_a_token_names_it(issuer: Issuer, verifier: Verifier) -> None:
    assert await verifier.user(issuer.token("ann")) == "ann"
    verifier.source._loaded_at -= key_source.MIN_RELOAD_INTERVAL_SECONDS
    issuer.rotate()
    assert await verifier.user(issuer.token("ann")) == "ann"


async def test_tokens_of_a_withdrawn_key_are_refused_after_the_refresh(
    issuer: Issuer, verifier: Verifier
) -> None:
    token = issuer.token("ann")
    assert await verifier.status(token) == 200
    issuer.rotate()
    await verifier.refresh()
    assert await verifier.status(token) == 401
    assert await verifier.status(issuer.token("ann")) == 200


async def test_unknown_kids_cause_one_fetch_a_minute(issuer: Issuer, verifier: Verifier) -> None:
    before = issuer.fetches
    verifier.source._loaded_at -= key_source.MIN_RELOAD_INTERVAL_SECONDS
    unknown = [issuer.token("ann", header={"kid": f"unknown-{number}"}) for number in range(40)]
    statuses = await asyncio.gather(*map(verifier.status, unknown))
    statuses += [await verifier.status(token) for token in unknown]
    assert set(statuses) == {401}
    assert issuer.fetches == before + 1
    verifier.source._loaded_at -= key_source.MIN_RELOAD_INTERVAL_SECONDS
    assert await verifier.status(unknown[0]) == 401
    assert issuer.fetches == before + 2


FAULTS: list[Fault] = ["down", "not_json", "huge", "slow", "redirect"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_last_good_keys_are_kept_while_there_are_no_others(
    issuer: Issuer, verifier: Verifier, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_source, "LOAD_TIMEOUT_SECONDS", 0.3)
    before = issuer.fetches
    issuer.fault = fault
    await verifier.refresh()
    assert issuer.fetches == before + 1
    assert await verifier.status(issuer.token("ann")) == 200


async def test_a_token_of_an_unknown_key_is_no_fault_of_its_user_while_keys_cannot_be_loaded(
    issuer: Issuer, verifier: Verifier
) -> None:
    """The issuer may have rotated meanwhile: a client that gets 401 would sign its user out."""
    known = issuer.keys[0]
    issuer.fault = "down"
    await verifier.refresh()
    issuer.rotate()
    token = issuer.token("ann")
    with pytest.raises(Problem) as refused:
        await verifier.user(token)
    assert (refused.value.status, refused.value.retry_after) == (503, 5)
    forged = issuer.token("ann", header={"kid": known.kid})
    never_accepted = jwt.encode(issuer.claims("ann"), "k" * 32, "HS256", {"kid": "unknown"})
    assert [await verifier.status(each) for each in (forged, never_accepted)] == [401, 401]
    issuer.fault = None
    await verifier.refresh()
    assert await verifier.status(token) == 200
    assert await verifier.status(issuer.token("ann", header={"kid": "unknown"})) == 401


async def test_an_issuer_that_publishes_no_usable_key_has_withdrawn_them(
    issuer: Issuer, verifier: Verifier
) -> None:
    token = issuer.token("ann")
    assert await verifier.status(token) == 200
    issuer.fault = "no_keys"
    with structlog.testing.capture_logs() as lines:
        await verifier.refresh()
        await verifier.refresh()
    assert await verifier.status(token) == 401
    assert [(line["event"], line["log_level"]) for line in lines] == [("auth.no_usable_key", "error")]
    issuer.fault = None
    await verifier.refresh()
    assert await verifier.status(token) == 200


@pytest.mark.parametrize("fault", ["down", "no_keys"])
async def test_after_a_load_without_keys_the_next_one_comes_soon(
    issuer: Issuer, verifier: Verifier, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_source, "_RETRY_INTERVAL_SECONDS", 0.01)
    issuer.fault = fault
    before = issuer.fetches
    refreshing = asyncio.create_task(verifier.source.refresh())
    try:
        async with asyncio.timeout(5):
            while issuer.fetches < before + 3:
                await asyncio.sleep(0.005)
            issuer.fault = None
            issuer.rotate()
            while await verifier.status(issuer.token("ann")) != 200:
                await asyncio.sleep(0.005)
    finally:
        refreshing.cancel()


async def test_the_last_good_keys_are_kept_while_nothing_listens() -> None:
    async with serve_issuer() as issuer, verifying(issuer) as verifier:
        await verifier.refresh()
        token = issuer.token("ann")
        issuer.url = ""
    async with aiohttp.ClientSession() as session:
        verifier.source._load = from_url(session, "http://127.0.0.1:9/jwks")
        await verifier.refresh()
    assert await verifier.status(token) == 200


async def test_a_file_is_read_again(tmp_path: Path) -> None:
    issuer, path = Issuer(), tmp_path / "keys.pem"
    path.write_bytes(issuer.keys[0].pem())
    verifier = Verifier(KeySource(from_file(path), _parse))
    await verifier.refresh()
    first = issuer.token("ann")
    assert await verifier.status(first) == 200
    issuer.rotate()
    path.write_bytes(issuer.keys[0].pem())
    await verifier.refresh()
    assert await verifier.status(issuer.token("ann")) == 200
    assert await verifier.status(first) == 401


async def test_two_keys_are_good_during_a_rotation(issuer: Issuer, verifier: Verifier) -> None:
    first = issuer.token("ann")
    issuer.keys.append(SigningKey(rsa_key()))
    await verifier.refresh()
    assert await verifier.status(issuer.token("ben")) == 200
    assert await verifier.status(first) == 200


async def test_a_token_is_verified_once(
    issuer: Issuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = count_verifications(verifier._verifier, monkeypatch)
    token = issuer.token("ann")
    assert [await verifier.user(token) for _ in range(100)] == ["ann"] * 100
    assert verified == [token]


def count_verifications(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each token is added that is verified from now on."""
    verified: list[str] = []
    verify = verifier._verify

    async def counted(token: str) -> Principal:
        verified.append(token)
        return await verify(token)

    monkeypatch.setattr(verifier, "_verify", counted)
    return verified
