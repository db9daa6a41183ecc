"""Membership checks: on two gateways, right after a change, under load, and while the store is away."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.stack.state import Stack
from shared.contract import codec, ids
from shared.contract.events import Event
from shared.kafka import Producer, partition_for
from shared.log.topics import Topics
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures import builders
from tests.fixtures.platform import away, new_topic_prefix

PARTITIONS = 12
WITHIN = 60.0
"""Seconds for a change to reach every gateway on a busy machine; an idle one takes milliseconds."""


@dataclass(frozen=True)
class Site:
    """A stack, and a way around its gateways: they cannot change groups yet."""

    stack: Stack
    producer: Producer
    topic: str
    https: list[httpx.AsyncClient]

    async def happen(self, event: Event) -> None:
        """Append an event to the log; return once it is confirmed."""
        key = builders.key_of(event)
        assert key is not None
        partition = partition_for(key, PARTITIONS)
        await (await self.producer.send(self.topic, partition, key, codec.encode(event), codec.HEADERS))

    async def group(self, *members: str) -> str:
        """Start a group; return once every gateway accepts its members."""
        group = ids.fresh_id()
        await self.happen(builders.started(group, members, title="group"))
        for http in self.https:
            await until(lambda http=http: _sees(http, members[0], group))  # type: ignore[misc]
        return group

    def outcomes(self, conversation: str) -> dict[str, int]:
        """Outcomes of the conversation's events, counted."""
        with psycopg.connect(self.stack.database) as connection:
            rows = connection.execute(
                "select outcome, count(*) from journal where conversation_id = %s group by 1", (conversation,)
            )
            return dict(rows.fetchall())


async def until(probe: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN):
        while not await probe():
            await asyncio.sleep(0.02)


async def _sees(http: httpx.AsyncClient, user: str, conversation: str) -> bool:
    params = {"meId": user, "conversationId": conversation}
    return (await http.get("/messages/history", params=params)).status_code == 200


async def send(http: httpx.AsyncClient, user: str, conversation: str, **headers: str) -> httpx.Response:
    body = {"conversationId": conversation, "text": "hello"}
    return await http.post("/messages", params={"meId": user}, json=body, headers=headers)


async def read(http: httpx.AsyncClient, user: str, conversation: str) -> httpx.Response:
    body = {"conversationId": conversation, "upTo": 1}
    return await http.post("/messages/read", params={"meId": user}, json=body)


async def history(http: httpx.AsyncClient, user: str, conversation: str) -> httpx.Response:
    params = {"meId": user, "conversationId": conversation}
    return await http.get("/messages/history", params=params)


async def send_and_wait(http: httpx.AsyncClient, user: str, conversation: str) -> httpx.Response:
    return await send(http, user, conversation, Prefer="wait")


CALLS = (send, send_and_wait, read, history)
FRAMES: tuple[dict[str, Any], ...] = ({"type": "message", "text": "hello"}, {"type": "read", "upTo": 1})


async def site_of(stack: Stack, prefix: str, open_: AsyncExitStack) -> Site:
    https = [await open_.enter_async_context(client.http(url)) for url in stack.gateways]
    producer = Producer(stack.kafka, client_id="test")
    await producer.start()
    open_.push_async_callback(producer.stop)
    return Site(stack, producer, Topics.with_prefix(prefix).events, https)


@pytest.fixture(scope="module")
async def site(start_stack: StartStack) -> AsyncIterator[Site]:
    prefix = new_topic_prefix()
    stack = start_stack(gateways=2, notifiers=2, env={"TOPIC_PREFIX": prefix})
    async with AsyncExitStack() as open_:
        yield await site_of(stack, prefix, open_)


async def test_a_removal_acts_on_every_gateway_with_and_without_sockets_there(site: Site) -> None:
    group = await site.group("ann", "bob", "cid")
    async with client.socket(site.stack.gateways[0], "bob") as bob:
        for http in site.https:
            for user in ("bob", "cid"):
                assert (await send(http, user, group)).status_code == 202
        await site.happen(builders.removed(group, "ann", "bob"))
        await site.happen(builders.removed(group, "ann", "cid"))
        await bob.find(lambda frame: frame["type"] == "conversation" and "bob" not in frame["members"])
        for http in site.https:  # also the last to receive the entry, long before its cached answer expires
            for user in ("bob", "cid"):
                await until(lambda h=http, u=user: _is_refused(h, u, group))  # type: ignore[misc]


async def _is_refused(http: httpx.AsyncClient, user: str, conversation: str) -> bool:
    return (await send(http, user, conversation)).status_code == 404


async def test_an_added_member_may_write_at_once_though_refused_just_before(site: Site) -> None:
    group = await site.group("ann", "bob")
    async with AsyncExitStack() as open_:
        sockets = [
            await open_.enter_async_context(client.socket(gateway, "dan")) for gateway in site.stack.gateways
        ]
        for http in site.https:
            assert (await send(http, "dan", group)).status_code == 404
        await site.happen(builders.added(group, "ann", "dan"))
        for socket, http in zip(sockets, site.https, strict=True):
            await socket.expect(type="conversation", conversationId=group, patience=WITHIN)
            assert (await send(http, "dan", group)).status_code == 202


async def test_the_creator_of_a_conversation_may_write_at_once(site: Site) -> None:
    for n, http in enumerate(site.https):
        conversation = ids.direct_conversation_id(f"eve-{n}", "fay")
        assert (await send(http, f"eve-{n}", conversation)).status_code == 404
        assert await client.start(http, f"eve-{n}", "fay") == conversation
        assert (await send(http, f"eve-{n}", conversation)).status_code == 202


async def test_members_are_answered_and_all_others_get_one_404_byte_for_byte(site: Site) -> None:
    group = await site.group("gil", "hal", "ida")
    for http in site.https:  # all are remembered
        for user in ("gil", "hal", "ida"):
            assert (await send(http, user, group)).status_code == 202
    await site.happen(builders.removed(group, "gil", "ida"))
    for http in site.https:
        await until(lambda h=http: _is_refused(h, "ida", group))  # type: ignore[misc]
    nowhere = ids.fresh_id()
    allowed = [("gil", group), ("hal", group)]
    refused = [("ida", group), ("joe", group), ("gil", nowhere), ("joe", nowhere)]
    bodies: set[bytes] = set()
    for http, gateway in zip(site.https, site.stack.gateways, strict=True):
        for user, conversation in allowed:
            taken = [(await call(http, user, conversation)).status_code for call in CALLS]
            assert taken == [202, 201, 202, 200]
        for user, conversation in refused:
            answers = [await call(http, user, conversation) for call in CALLS]
            assert {answer.status_code for answer in answers} == {404}
            assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
            bodies |= {answer.content for answer in answers}
            async with client.socket(gateway, user) as socket:
                for number, frame in enumerate(FRAMES, start=1):
                    await socket.send(conversationId=conversation, **frame)
                    await until(lambda s=socket, n=number: _count(s, n))  # type: ignore[misc]
                errors = {(error["code"], error["message"]) for error in socket.of("error")}
                assert errors == {("not_found", answers[0].json()["detail"])}
            listed = await http.get("/messages/conversations", params={"meId": user})
            assert (group in listed.text) is (user == "gil")
    assert len(bodies) == 1


async def _count(socket: client.Socket, errors: int) -> bool:
    return len(socket.of("error")) >= errors


async def test_what_a_fold_refuses_gets_the_same_404(site: Site) -> None:
    """The removal was not sent to any gateway yet: only the fold applies it."""
    group = await site.group("kim", "leo")
    http = site.https[0]
    assert (await send(http, "leo", group)).status_code == 202
    usual = (await send(http, "mia", group)).content
    notifiers = [process for process in site.stack.reload().processes if process.name.startswith("notifier")]
    for notifier in notifiers:
        notifier.signal(signal.SIGSTOP)
    try:
        await site.happen(builders.removed(group, "kim", "leo"))
        refused = await send_and_wait(http, "leo", group)
    finally:
        for notifier in notifiers:
            notifier.signal(signal.SIGCONT)
    assert (refused.status_code, refused.content) == (404, usual)


async def test_a_thousand_sends_at_once_to_foreign_conversations_open_nothing(site: Site) -> None:
    conversations = [await client.start(site.https[0], "ned", f"peer {n}") for n in range(5)]
    foreign = [*conversations, *(ids.fresh_id() for _ in range(995))]
    limits = httpx.Limits(max_connections=1_000)
    async with httpx.AsyncClient(base_url=site.stack.gateways[0], timeout=60, limits=limits) as http:
        answers = await asyncio.gather(*(send(http, "mallory", conversation) for conversation in foreign))
    assert {answer.status_code for answer in answers} <= {404, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
    for conversation in conversations:
        assert site.outcomes(conversation) == {"entry": 1}
    with psycopg.connect(site.stack.database) as connection:
        rejected = connection.execute("select count(*) from journal where actor = 'mallory'").fetchone()
    assert rejected == (0,)


async def test_with_the_store_killed_members_write_on_and_strangers_spend_a_budget(site: Site) -> None:
    http = site.https[1]
    conversation = await client.start(http, "oda", "pia")
    assert (await send(http, "oda", conversation)).status_code == 202
    with away(site.stack, "store"):
        members = [await send(http, "oda", conversation) for _ in range(20)]
        strangers = await asyncio.gather(*(send(http, "trudy", conversation) for _ in range(50)))
    assert [answer.status_code for answer in members] == [202] * 20
    codes = [answer.status_code for answer in strangers]
    assert set(codes) == {202, 503}
    assert codes.count(202) <= 5 + 5 * max(answer.elapsed.total_seconds() for answer in strangers) + 1
    await until(lambda: _folded(site, conversation, codes.count(202)))
    assert site.outcomes(conversation) == {"entry": 22, "rejected": codes.count(202)}
    await until(lambda: _is_refused(http, "trudy", conversation))


async def test_without_notifiers_a_removal_acts_once_their_absence_is_detected(site: Site) -> None:
    group = await site.group("quin", "rob")
    for http in site.https:
        assert (await send(http, "rob", group)).status_code == 202
    with away(site.stack, "notifier"), away(site.stack, "notifier-2"):
        await site.happen(builders.removed(group, "quin", "rob"))
        for http in site.https:
            await until(lambda h=http: _is_refused(h, "rob", group))  # type: ignore[misc]
            assert (await send(http, "quin", group)).status_code == 202


async def _folded(site: Site, conversation: str, rejected: int) -> bool:
    return site.outcomes(conversation).get("rejected") == rejected
