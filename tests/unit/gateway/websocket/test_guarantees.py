"""What clients build on: that they miss nothing from `hello` on, and that what they say keeps its order."""

import asyncio

import pytest

from gateway.commands.progress_reader import Present
from shared.contract import cursor
from shared.contract.events import MessageSent
from shared.internal.store_api import MembershipAnswer, ProjectionOffsets
from tests.unit.gateway.gateway_fixture import House


async def test_a_start_is_read_after_every_owner_knows_of_the_user(own_house: House) -> None:
    own_house.notifier.acknowledges = False
    async with own_house.dialled("ana") as client:
        await own_house.notifier.wait_for_user("ana")
        await asyncio.sleep(0.05)
        await own_house.talk("ana", "ben")  # told to nobody: who had started before would miss it
        await own_house.notifier.acknowledge()
        hello = await client.hear("hello")
    assert cursor.decode(hello["cursor"]).offsets == (await own_house.store.progress()).offsets


async def test_the_present_never_answers_with_an_older_question(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, read = asyncio.Event(), own_house.store.progress

    async def slow() -> ProjectionOffsets:
        progress = await read()
        await answer.wait()
        return progress

    monkeypatch.setattr(own_house.store, "progress", slow)
    present = Present(own_house.store, own_house.door.events)
    async with asyncio.TaskGroup() as tasks:
        early = tasks.create_task(present.progress())
        await asyncio.sleep(0.01)
        await own_house.talk("ana", "ben")
        late = tasks.create_task(present.progress())
        await asyncio.sleep(0.01)
        answer.set()
    assert early.result() != late.result() == await read()


async def _said(house: House, *talks: str) -> list[str]:
    async with house.present("ana") as client:
        for number, talk in enumerate(talks):
            await client.say(type="message", conversationId=talk, text=f"{number}")
        for _ in talks:
            await client.hear("accepted")
    texts = [event.data.content.text for event in house.written() if isinstance(event, MessageSent)]
    assert all(texts)
    return [text or "" for text in texts]


async def test_a_slow_broker_changes_no_order(own_house: House) -> None:
    talk = await own_house.talk("ana", "ben")
    own_house.broker.delays = iter([0.1, 0.0, 0.05])
    assert await _said(own_house, talk, talk, talk, talk) == ["0", "1", "2", "3"]


async def test_a_slow_answer_about_members_changes_no_order(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await own_house.talk("ana", "ben")
    delays = iter([0.1, 0.0, 0.05])

    async def membership(*_: str) -> MembershipAnswer:
        await asyncio.sleep(next(delays, 0))
        own_house.door.membership.forget(talk)  # so that it is asked each time
        return MembershipAnswer(True, await own_house.store.progress())

    monkeypatch.setattr(own_house.store, "membership", membership)
    assert await _said(own_house, talk, talk, talk, talk) == ["0", "1", "2", "3"]
