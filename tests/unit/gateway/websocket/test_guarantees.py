"""Guarantees to clients: that they miss nothing from `hello` on, and that their messages keep their order."""

import asyncio

import pytest

from gateway.commands.progress_reader import CoalescedProgressReader
from shared.contract import cursor
from shared.contract.events import MessageSent
from shared.internal.store_api import MembershipAnswer, ProjectionOffsets
from tests.unit.gateway.gateway_fixture import GatewayFixture


async def test_a_start_is_read_after_every_owner_knows_of_the_user(own_gateway: GatewayFixture) -> None:
    own_gateway.notifier.acknowledges = False
    async with own_gateway.connect("ana") as client:
        await own_gateway.notifier.wait_for_user("ana")
        await asyncio.sleep(0.05)
        await own_gateway.start_direct("ana", "ben")  # not delivered: an earlier start would miss it
        await own_gateway.notifier.acknowledge()
        hello = await client.receive("hello")
    assert cursor.decode(hello["cursor"]).offsets == (await own_gateway.store.progress()).offsets


async def test_progress_is_never_the_answer_to_an_older_query(
    own_gateway: GatewayFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, read = asyncio.Event(), own_gateway.store.progress

    async def slow() -> ProjectionOffsets:
        progress = await read()
        await answer.wait()
        return progress

    monkeypatch.setattr(own_gateway.store, "progress", slow)
    present = CoalescedProgressReader(own_gateway.store, own_gateway.components.producer)
    async with asyncio.TaskGroup() as tasks:
        early = tasks.create_task(present.progress())
        await asyncio.sleep(0.01)
        await own_gateway.start_direct("ana", "ben")
        late = tasks.create_task(present.progress())
        await asyncio.sleep(0.01)
        answer.set()
    assert early.result() != late.result() == await read()


async def _send_texts(gateway: GatewayFixture, *talks: str) -> list[str]:
    async with gateway.connected("ana") as client:
        for number, talk in enumerate(talks):
            await client.send(type="message", conversationId=talk, text=f"{number}")
        for _ in talks:
            await client.receive("accepted")
    texts = [event.data.content.text for event in gateway.written_events() if isinstance(event, MessageSent)]
    assert all(texts)
    return [text or "" for text in texts]


async def test_a_slow_broker_changes_no_order(own_gateway: GatewayFixture) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    own_gateway.broker.delays = iter([0.1, 0.0, 0.05])
    assert await _send_texts(own_gateway, talk, talk, talk, talk) == ["0", "1", "2", "3"]


async def test_a_slow_answer_about_members_changes_no_order(
    own_gateway: GatewayFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    delays = iter([0.1, 0.0, 0.05])

    async def membership(*_: str) -> MembershipAnswer:
        await asyncio.sleep(next(delays, 0))
        own_gateway.components.membership.invalidate(talk)  # so that it is queried each time
        return MembershipAnswer(True, await own_gateway.store.progress())

    monkeypatch.setattr(own_gateway.store, "membership", membership)
    assert await _send_texts(own_gateway, talk, talk, talk, talk) == ["0", "1", "2", "3"]
