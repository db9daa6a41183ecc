"""Who may do what: every operation of the OpenAPI document and every client frame, for every kind of caller.

The expectations follow from the rules in `access_rules`; a new operation or frame is covered by itself, or
fails until its rule is stated.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from shared.contract import cursor, ids
from tests.conftest import StartStack
from tests.e2e import access_rules, client
from tests.e2e.access_rules import (
    AUTHENTICATED,
    MEMBERS,
    SCOPED,
    UNAUTHENTICATED,
    FrameType,
    Operation,
    Persona,
    Rule,
)
from tests.e2e.test_membership import PARTITIONS, Site, site_of, until
from tests.fixtures import builders
from tests.fixtures.issuer import AUDIENCE, ISSUER, Issuer, serve_issuer
from tests.fixtures.platform import new_topic_prefix

OPERATIONS = access_rules.operations()
ADMIN_OPERATIONS = access_rules.admin_operations()
FRAMES = access_rules.frame_types()
IN_CONVERSATIONS = [operation for operation in OPERATIONS if operation.rule is Rule.MEMBERS]
FRAMES_IN_CONVERSATIONS = [frame for frame in FRAMES if frame.rule is Rule.MEMBERS]

INTERNAL_PATHS = (
    *("/conversations", "/history", "/membership", "/outcome", "/progress", "/sync", "/link"),
    *("/tickets/redeem", "/revocations", "/revoke", "/metrics"),
)
"""Of the store, of the notifier and of `ADMIN_PORT`."""

SHARED_TEXT, LATER_TEXT = "shared-6a1f0c", "later-90be3d"
"""Texts of the group, from before and after the removal of a member."""
MUTABLE_FIELDS = {"date", "x-request-id", "ratelimit", "ratelimit-policy"}
"""Of responses that are equal otherwise."""


@dataclass
class Group:
    """A group with its personas, on a gateway."""

    site: Site
    http: httpx.AsyncClient
    users: Mapping[Persona, str]
    tokens: Mapping[Persona, str]
    """Of all but the anonymous one."""
    has_scopes: bool
    """Whether tokens have scopes: with AUTH=dev everyone has all."""
    conversation: str
    nowhere: str = field(default_factory=ids.fresh_id)
    """An id that no conversation has."""

    def credentials(self, persona: Persona) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[persona]}"} if persona in self.tokens else {}

    def socket(self, persona: Persona, query: str = "") -> AbstractAsyncContextManager[client.Socket]:
        gateway, headers = self.site.stack.gateways[0], self.credentials(persona)
        return client.socket(gateway, None, query=query, headers=headers)

    def expected(self, operation: Operation | FrameType, persona: Persona) -> int:
        return access_rules.allows(operation.rule, persona, scopes=self.has_scopes)

    async def start(self, persona: Persona) -> str:
        """Start a conversation with a new user."""
        body, headers = {"peerId": f"peer-{ids.fresh_id()}"}, self.credentials(persona)
        response = await self.http.post("/messages/start", json=body, headers=headers)
        assert response.status_code == 200, response.text
        return str(response.json()["id"])

    async def revoke(self, user: str) -> None:
        """Revoke the tokens of a user; return once the gateway refuses those of the persona."""
        url = f"{self.site.stack.admin['gateway']}/revoke"
        headers = self.credentials(Persona.OPERATOR)
        response = await self.http.post(url, json={"userId": user}, headers=headers)
        assert response.status_code == 202, response.text
        await until(lambda: self.is_answered(Persona.REVOKED, 401))

    async def write(self, persona: Persona, text: str) -> httpx.Response:
        """Send a message and wait until it is stored or refused."""
        body = {"conversationId": self.conversation, "text": text}
        headers = {**self.credentials(persona), "Prefer": "wait"}
        return await self.http.post("/messages", json=body, headers=headers)

    async def is_answered(self, persona: Persona, status: int) -> bool:
        """Whether a message of the persona gets this status."""
        return (await self.write(persona, SHARED_TEXT)).status_code == status

    async def call(
        self,
        operation: Operation,
        persona: Persona,
        conversation: str | None = None,
        *,
        method: str | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        seen_by: Persona | None = None,
    ) -> httpx.Response:
        """`seen_by`: the persona whose view the answer is, unless the caller's own."""
        about = conversation or self.conversation
        port = self.site.stack.admin["gateway"] if operation.admin else ""
        response = await self.http.request(
            method or operation.method,
            f"{port}{operation.path}",
            params={**operation.query(about), **(params or {})},
            json=operation.content(about),
            headers={**self.credentials(persona), **(headers or {})},
        )
        self.require_nothing_hidden(seen_by or persona, response.text)
        return response

    def require_nothing_hidden(self, persona: Persona, text: str) -> None:
        """Raise AssertionError if `text` holds what the persona may not see."""
        if persona in MEMBERS:
            return
        assert LATER_TEXT not in text
        if persona is not Persona.REMOVED:
            assert SHARED_TEXT not in text
            assert all(user not in text for user in self.users.values() if user != self.users.get(persona))

    async def not_found(self) -> bytes:
        """The one body of what does not exist or is not the caller's."""
        params = {"conversationId": self.nowhere}
        credentials = self.credentials(Persona.MEMBER)
        response = await self.http.get("/messages/history", params=params, headers=credentials)
        assert response.status_code == 404
        return response.content


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with serve_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module", params=["dev", "jwt"])
async def group(
    request: pytest.FixtureRequest, start_stack: StartStack, issuer: Issuer
) -> AsyncIterator[Group]:
    """With AUTH=dev the tokens of the issuer are malformed; with AUTH=jwt user ids are."""
    prefix = new_topic_prefix()
    auth = _environment(issuer) if request.param == "jwt" else {}
    stack = start_stack(env={"TOPIC_PREFIX": prefix, **auth})
    named = (*AUTHENTICATED, *SCOPED, Persona.REVOKED)
    users = {persona: f"{persona}-{ids.fresh_id()}" for persona in named}
    member, other, removed = (users[p] for p in (Persona.MEMBER, Persona.OTHER_MEMBER, Persona.REMOVED))
    revoked = users[Persona.REVOKED]
    valid = {persona: _token(issuer, user, **_scope(persona)) for persona, user in users.items()}
    async with AsyncExitStack() as open_:
        site = await site_of(stack, prefix, open_)
        tokens = {**(valid if auth else users), **_invalid_tokens(issuer, member)}
        tokens[Persona.REVOKED] = _token(issuer, revoked, iat=int(time.time()) - 60)
        group = Group(site, site.https[0], users, tokens, bool(auth), ids.fresh_id())
        members = (member, other, removed, revoked)
        await site.happen(builders.started(group.conversation, members, title="group"))
        await group.revoke(revoked)
        await until(lambda: group.is_answered(Persona.REMOVED, 201))
        await site.happen(builders.removed(group.conversation, member, removed))
        await until(lambda: group.is_answered(Persona.REMOVED, 404))
        assert (await group.write(Persona.MEMBER, LATER_TEXT)).status_code == 201
        yield group


def _environment(issuer: Issuer) -> dict[str, str]:
    """Return the settings of gateways that trust the issuer."""
    return {
        "AUTH": "jwt",
        "JWT_KEYS": issuer.url,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_LEEWAY": "0",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
    }


def _scope(persona: Persona) -> dict[str, str]:
    return {"scope": persona.value} if persona in SCOPED else {}


def _token(issuer: Issuer, user: str, **claims: Any) -> str:
    """Return a token that is valid for longer than the tests take, unless `claims` set `exp`."""
    return issuer.token(user, **{"exp": int(time.time()) + 3_600, **claims})


def _invalid_tokens(issuer: Issuer, user: str) -> dict[Persona, str]:
    now, forger = int(time.time()), Issuer()
    forger.keys[0].kid = issuer.keys[0].kid
    return {
        Persona.MALFORMED: "x" * 129,
        Persona.EXPIRED: _token(issuer, user, iat=now - 60, exp=now - 1),
        Persona.OTHER_AUDIENCE: _token(issuer, user, aud="another"),
        Persona.FORGED: _token(forger, user),
    }


def _alike(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in MUTABLE_FIELDS}


def _success(response: httpx.Response) -> int:
    """Any success as 200."""
    return 200 if response.is_success else response.status_code


async def test_the_matrix_covers_what_the_gateway_serves(group: Group) -> None:
    served = (await group.http.get("/openapi.json")).json()["paths"]
    described = {(operation.method.lower(), operation.path) for operation in OPERATIONS}
    assert described == {(method, path) for path, calls in served.items() for method in calls}
    assert IN_CONVERSATIONS
    assert FRAMES_IN_CONVERSATIONS


@pytest.mark.parametrize(
    ("operation", "persona"),
    list(product([*OPERATIONS, *ADMIN_OPERATIONS], Persona)),
    ids=lambda value: getattr(value, "name", value),
)
async def test_an_operation_is_for_those_whom_its_rule_allows(
    group: Group, operation: Operation, persona: Persona
) -> None:
    expected = group.expected(operation, persona)
    preferences: list[dict[str, str]] = [{}, {"Prefer": "wait"}] if "Prefer" in operation.optional else [{}]
    for prefer in preferences:
        response = await group.call(operation, persona, headers=prefer)
        assert _success(response) == expected, response.text
        if expected == 404:
            nowhere = await group.call(operation, persona, group.nowhere, headers=prefer)
            assert response.content == nowhere.content == await group.not_found()
            assert _alike(response) == _alike(nowhere)
    if operation.method == "GET":
        response = await group.call(operation, persona, method="HEAD")
        assert _success(response) == expected


@pytest.mark.parametrize("persona", AUTHENTICATED)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_a_service_has_the_rights_of_the_user_it_acts_for_and_no_others(
    group: Group, operation: Operation, persona: Persona
) -> None:
    headers = {"Act-As": group.users[persona]}
    response = await group.call(operation, Persona.SERVICE, headers=headers, seen_by=persona)
    is_ticket = operation.name == "createWebSocketTicket"
    assert _success(response) == (403 if is_ticket else group.expected(operation, persona)), response.text
    if group.has_scopes and operation.rule is not Rule.PUBLIC:
        for other in (Persona.STRANGER, Persona.OPERATOR):
            refused = await group.call(operation, other, headers=headers)
            assert refused.status_code == 403


@pytest.mark.parametrize("persona", SCOPED)
async def test_a_token_that_is_no_users_opens_no_socket(group: Group, persona: Persona) -> None:
    url = f"{group.site.stack.gateways[0].replace('http', 'ws', 1)}/ws"
    async with connect(url, open_timeout=15, additional_headers=group.credentials(persona)) as socket:
        if group.has_scopes:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4401
        else:
            assert '"hello"' in str(await socket.recv())


@pytest.mark.parametrize("persona", AUTHENTICATED)
@pytest.mark.parametrize("operation", IN_CONVERSATIONS, ids=lambda operation: operation.name)
async def test_what_does_not_exist_gets_the_same_404_from_everyone(
    group: Group, operation: Operation, persona: Persona
) -> None:
    response = await group.call(operation, persona, group.nowhere)
    assert (response.status_code, response.content) == (404, await group.not_found())


@pytest.mark.parametrize("persona", [p for p in AUTHENTICATED if p not in MEMBERS])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_positions_and_page_tokens_of_others_give_no_rights(
    group: Group, operation: Operation, persona: Persona
) -> None:
    foreign = await _foreign(group)
    for name in operation.optional & foreign.keys():
        response = await group.call(operation, persona, params={name: foreign[name]})
        assert _success(response) == group.expected(operation, persona), response.text
        if operation.rule is Rule.CALLER:
            own = await group.call(operation, persona)
            assert _items(response) <= _items(own)


async def _foreign(group: Group) -> dict[str, str]:
    """A position and a page token that a member received."""
    credentials = group.credentials(Persona.MEMBER)
    await group.start(Persona.MEMBER)
    listed = await group.http.get("/messages/conversations", params={"limit": "1"}, headers=credentials)
    body = {"conversationId": group.conversation, "upTo": 1}
    read = await group.http.post("/messages/read", json=body, headers=credentials)
    return {"position": read.json()["position"], "page": listed.json()["nextPage"]}


def _items(response: httpx.Response) -> set[bytes]:
    answer = response.json()
    return {orjson.dumps(item) for item in answer.get("items", answer.get("entries", []))}


@pytest.mark.parametrize("persona", [p for p in AUTHENTICATED if p is not Persona.MEMBER])
async def test_a_cursor_of_another_user_is_of_no_use(group: Group, persona: Persona) -> None:
    credentials = group.credentials(Persona.MEMBER)
    foreign = (await group.http.get("/messages/sync", headers=credentials)).json()["cursor"]
    with_cursor = [operation for operation in OPERATIONS if "cursor" in operation.optional]
    assert with_cursor
    for operation in with_cursor:
        response = await group.call(operation, persona, params={"cursor": foreign})
        assert (response.status_code, response.json()["code"]) == (410, "cursor_unusable")
    async with group.socket(persona, f"&cursor={foreign}") as socket:
        assert [frame["reason"] for frame in socket.of("reset")] == ["of_another_user"]
        assert not socket.of("message")


@pytest.mark.parametrize("persona", AUTHENTICATED)
async def test_a_forged_cursor_shows_what_its_user_may_see_anyway(group: Group, persona: Persona) -> None:
    """It is from the beginning of the log; anyone can compute one for oneself."""
    credentials = group.credentials(persona)
    own = (await group.http.get("/messages/sync", headers=credentials)).json()["cursor"]
    forged = cursor.encode(cursor.decode(own).epoch, group.users[persona], [1] * PARTITIONS)
    response = await group.http.get("/messages/sync", params={"cursor": forged}, headers=credentials)
    assert response.status_code == 200
    group.require_nothing_hidden(persona, response.text)
    assert (SHARED_TEXT in response.text) is (persona is not Persona.STRANGER)
    assert (LATER_TEXT in response.text) is (persona in MEMBERS)
    async with group.socket(persona, f"&cursor={forged}") as socket:
        frames = orjson.dumps(socket.frames).decode()
    group.require_nothing_hidden(persona, frames)
    assert (LATER_TEXT in frames) is (persona in MEMBERS)


@pytest.mark.parametrize("persona", AUTHENTICATED)
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
async def test_a_frame_is_for_those_whom_its_rule_allows(
    group: Group, frame: FrameType, persona: Persona
) -> None:
    refused = {("not_found", orjson.loads(await group.not_found())["detail"])}
    allowed = group.expected(frame, persona) == 200
    token = group.tokens[persona]
    errors = await _errors(group, persona, frame.content(group.conversation, token))
    assert errors == (set() if allowed else refused)
    if frame.rule is Rule.MEMBERS:
        assert await _errors(group, persona, frame.content(group.nowhere, token)) == refused


async def _errors(group: Group, persona: Persona, frame: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Send a frame; return the code and message of each error it got. Frames are checked in order, so the
    error of the next frame, which is refused for everyone, comes after all of this one's."""
    barrier = ids.fresh_id()
    async with group.socket(persona) as socket:
        await socket.send(**frame)
        await socket.send(type="message", conversationId=group.nowhere, text="x", clientId=barrier)
        await socket.expect(type="error", clientId=barrier)
        errors = [error for error in socket.of("error") if error.get("clientId") != barrier]
        group.require_nothing_hidden(persona, orjson.dumps(socket.frames).decode())
        assert not socket.of("rejected")
    return {(error["code"], error["message"]) for error in errors}


@pytest.mark.parametrize("persona", UNAUTHENTICATED)
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
async def test_a_socket_without_valid_credentials_closes_before_any_frame(
    group: Group, frame: FrameType, persona: Persona
) -> None:
    url = f"{group.site.stack.gateways[0].replace('http', 'ws', 1)}/ws"
    text = orjson.dumps(frame.content(group.conversation, group.tokens[Persona.MEMBER])).decode()
    credentials = group.credentials(persona)
    async with connect(url, open_timeout=15, additional_headers=credentials) as socket:
        received = []
        with suppress(ConnectionClosed):
            await socket.send(text)
            while True:
                received.append(await socket.recv())
    assert (received, socket.close_code) == ([], 4401)


async def test_a_stranger_receives_no_frame_of_the_conversation(group: Group) -> None:
    async with AsyncExitStack() as open_:
        sockets = {
            persona: await open_.enter_async_context(group.socket(persona)) for persona in AUTHENTICATED
        }
        assert (await group.write(Persona.MEMBER, LATER_TEXT)).status_code == 201
        for persona in MEMBERS:
            await sockets[persona].expect(type="message", text=LATER_TEXT)
        for persona in AUTHENTICATED:  # a frame of one's own comes later than what was sent before it
            direct = await group.start(persona)
            await sockets[persona].expect(type="conversation", conversationId=direct)
            group.require_nothing_hidden(persona, orjson.dumps(sockets[persona].frames).decode())


async def test_nothing_else_answers_at_the_public_port(group: Group) -> None:
    """The calls of the services behind it, and of operators, are not routed here."""
    for path in INTERNAL_PATHS:
        for method in ("GET", "POST"):
            response = await group.http.request(method, path, headers=group.credentials(Persona.MEMBER))
            assert response.status_code in (404, 405), path
