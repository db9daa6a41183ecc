"""Whether a user may write: what is remembered of it, for how long, and what happens when nobody can say."""

import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from gateway import metrics
from gateway.commands.membership_cache import Membership
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.store.client import StorePort
from shared.contract import ids
from shared.http.problems import Problem
from shared.internal.store_api import MembershipAnswer
from tests.unit.gateway.gateway_fixture import STRANGE, House


def told(house: House) -> OffsetTracker:
    """Every partition has a notifier that was heard of just now."""
    offset_tracker = OffsetTracker()
    offset_tracker.partition_count = 4
    now = asyncio.get_running_loop().time()
    for partition in range(4):
        offset_tracker.mark_current(partition, now)
    return offset_tracker


async def asked(membership: Membership, user: str, conversation: str, times: int = 1) -> list[str]:
    """What becomes of so many writes, one after the other."""
    found: list[str] = []
    for _ in range(times):
        try:
            await membership.require(user, conversation)
        except Problem as problem:
            found.append(problem.code)
        else:
            found.append("allowed")
    return found


@pytest.fixture
async def talk(own_house: House) -> str:
    return await own_house.talk("ana", "ben")


async def test_an_answer_is_remembered_until_its_conversation_changes(own_house: House, talk: str) -> None:
    store = own_house.store
    membership = Membership(store, told(own_house))
    before = store.calls
    assert await asked(membership, "ana", talk, 3) == ["allowed"] * 3
    assert store.calls == before + 1
    assert await asked(membership, "eve", talk, 3) == ["not_found"] * 3
    assert store.calls == before + 2
    membership.forget(talk)
    assert await asked(membership, "ana", talk) == ["allowed"]
    assert await asked(membership, "eve", talk) == ["not_found"]
    assert store.calls == before + 4


async def test_a_no_is_remembered_for_a_second(
    own_house: House, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWER_LIFE", 0.1)
    membership = Membership(own_house.store, told(own_house))
    before = own_house.store.calls
    assert await asked(membership, "eve", talk, 2) == ["not_found"] * 2
    await asyncio.sleep(0.15)
    assert await asked(membership, "eve", talk) == ["not_found"]
    assert own_house.store.calls == before + 2


async def test_while_no_notifier_is_heard_of_a_yes_ends_after_a_second_and_a_no_at_once(
    own_house: House, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWER_LIFE", 0.1)
    offset_tracker = told(own_house)
    membership = Membership(own_house.store, offset_tracker)
    assert await asked(membership, "ana", talk) == ["allowed"]
    for partition in range(4):
        offset_tracker.mark_current(partition, asyncio.get_running_loop().time() - 60)
    await asyncio.sleep(0.15)
    before = own_house.store.calls
    assert await asked(membership, "ana", talk, 3) == ["allowed"] * 3
    assert own_house.store.calls == before + 1
    assert await asked(membership, "eve", talk, 3) == ["not_found"] * 3
    assert own_house.store.calls == before + 4


async def test_a_yes_from_before_the_first_link_is_not_kept(
    own_house: House, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed between the answer and the link was told to nobody here."""
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWER_LIFE", 0.0)
    offset_tracker = OffsetTracker()
    membership = Membership(own_house.store, offset_tracker)
    assert await asked(membership, "ana", talk) == ["allowed"]
    offset_tracker.partition_count = 4
    for partition in range(4):
        offset_tracker.mark_current(partition, asyncio.get_running_loop().time())
    before = own_house.store.calls
    assert await asked(membership, "ana", talk) == ["allowed"]
    assert own_house.store.calls == before + 1


async def test_what_a_gap_left_out_makes_nothing_current() -> None:
    offset_tracker = OffsetTracker()
    offset_tracker.partition_count = 1
    offset_tracker.advance(0, 0, 5, 5)
    offset_tracker.mark_current(0, 100.0)
    assert offset_tracker.is_current(STRANGE, 101.0)
    assert not offset_tracker.is_current(STRANGE, 105.0)
    offset_tracker.advance(0, 7, 8, 8)
    assert not offset_tracker.is_current(STRANGE, 100.0)


async def test_one_user_has_four_questions_at_a_time_and_takes_no_place_of_others(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, most, answer = 0, 0, asyncio.Event()

    async def membership(user: str, _: str) -> MembershipAnswer:
        nonlocal under_way, most
        if user == "eve":
            under_way += 1
            most = max(most, under_way)
            await answer.wait()
            under_way -= 1
        return MembershipAnswer(user == "ana", await own_house.store.progress())

    monkeypatch.setattr(own_house.store, "membership", membership)
    checked = Membership(own_house.store, told(own_house))
    flood = [asyncio.create_task(asked(checked, "eve", f"c{number}")) for number in range(1_000)]
    await asyncio.sleep(0)
    assert await asked(checked, "ana", STRANGE) == ["allowed"]
    assert under_way == 4
    answer.set()
    codes = {code for answered in await asyncio.gather(*flood) for code in answered}
    assert most == 4
    assert codes <= {"not_found", "unavailable"}


async def test_an_answer_that_does_not_come_in_time_opens_nothing(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWERED_WITHIN", 0.05)

    async def never(*_: str) -> MembershipAnswer:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(own_house.store, "membership", never)
    membership = Membership(own_house.store, told(own_house))
    with pytest.raises(Problem) as refused:
        await membership.require("ana", STRANGE)
    assert (refused.value.status, refused.value.retry_after) == (503, 1)
    flood = await asyncio.gather(*(asked(membership, "eve", STRANGE) for _ in range(100)))
    assert flood == [["unavailable"]] * 100


async def test_a_busy_store_opens_nothing(own_house: House) -> None:
    own_house.store.busy = True
    membership = Membership(own_house.store, told(own_house))
    assert await asked(membership, "ana", STRANGE, 3) == ["unavailable"] * 3


async def test_while_the_store_is_away_each_user_has_a_budget_and_it_is_not_asked_again_at_once(
    own_house: House,
) -> None:
    own_house.store.away = True
    membership = Membership(own_house.store, told(own_house))
    before, counted = own_house.store.calls, metrics.unchecked._value.get()
    assert (await asked(membership, "ana", STRANGE, 100)).count("allowed") in (5, 6)
    assert (await asked(membership, "ben", STRANGE, 5)) == ["allowed"] * 5
    assert own_house.store.calls <= before + 2
    assert 10 <= metrics.unchecked._value.get() - counted <= 12


async def test_a_budget_is_five_a_second(own_house: House) -> None:
    own_house.store.away = True
    membership = Membership(own_house.store, told(own_house))
    loop = asyncio.get_running_loop()
    began, allowed = loop.time(), 0
    while loop.time() - began < 1.0:
        allowed += (await asked(membership, "eve", STRANGE)).count("allowed")
        await asyncio.sleep(0.005)
    assert 7 <= allowed <= 5 + 5 * (loop.time() - began) + 1


async def test_members_who_are_remembered_spend_nothing(own_house: House, talk: str) -> None:
    membership = Membership(own_house.store, told(own_house))
    assert await asked(membership, "ana", talk) == ["allowed"]
    own_house.store.away = True
    assert await asked(membership, "ana", talk, 50) == ["allowed"] * 50
    assert await asked(membership, "ana", STRANGE, 5) == ["allowed"] * 5


async def test_a_check_that_opens_and_closes_says_so_once(own_house: House, talk: str) -> None:
    membership = Membership(own_house.store, told(own_house))
    own_house.store.away = True
    with capture_logs() as lines:
        await asyncio.gather(*(asked(membership, user, STRANGE, 9) for user in "abc"))
        assert [line["event"] for line in lines] == ["membership.unchecked"]
        own_house.store.away = False
        async with asyncio.timeout(5):
            while await asked(membership, "eve", talk) != ["not_found"]:
                await asyncio.sleep(0.05)
        assert [line["event"] for line in lines] == ["membership.unchecked", "membership.checked"]
    assert lines[1]["unchecked_writes"] >= 15


async def test_of_a_store_that_is_behind_what_was_told_a_no_counts_for_nothing(
    own_house: House, talk: str
) -> None:
    """Its read models may be made anew: whoever is a member may not be there yet."""
    offset_tracker, partition = told(own_house), own_house.partition_of(talk)
    membership = Membership(own_house.store, offset_tracker)
    offset_tracker.assign(partition, 0, 2)
    own_house.store.frozen_at = (1, 1, 1, 1)
    assert await asked(membership, "ana", talk, 2) == ["allowed"] * 2
    assert (await asked(membership, "eve", talk, 20)).count("allowed") in (5, 6)
    own_house.store.frozen_at = None
    assert await asked(membership, "eve", talk) == ["not_found"]


async def test_a_yes_of_a_store_that_is_behind_what_was_told_is_not_kept(
    own_house: House, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may not know yet of a removal that was told already."""

    async def behind(*_: str) -> MembershipAnswer:
        progress = await own_house.store.progress()
        return MembershipAnswer(True, type(progress)(progress.epoch, (0, 0, 0, 0)))

    offset_tracker = told(own_house)
    offset_tracker.assign(own_house.partition_of(talk), 0, 2)
    monkeypatch.setattr(own_house.store, "membership", behind)
    membership = Membership(own_house.store, offset_tracker)
    assert await asked(membership, "eve", talk) == ["allowed"]
    monkeypatch.undo()
    assert await asked(membership, "eve", talk) == ["not_found"]


async def test_who_starts_a_conversation_may_write_at_once_and_so_may_the_peer(own_house: House) -> None:
    talk = ids.direct_conversation_id("ana", "ben")
    body = {"conversationId": talk, "text": "too early"}
    for user in ("ana", "ben"):
        early = await own_house.http.post(f"/messages?meId={user}", json=body)
        assert early.status_code == 404
    assert await own_house.talk("ana", "ben") == talk
    for user in ("ana", "ben"):
        sent = await own_house.http.post(f"/messages?meId={user}", json=body)
        assert sent.status_code == 202


@pytest.mark.parametrize("kind", ["chat.conversation.started.v1", "chat.member.added.v1"])
async def test_who_became_a_member_is_not_refused_for_an_answer_from_before(
    own_house: House, talk: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with own_house.present("eve") as client:
        body = {"conversationId": talk, "text": "hello"}
        await own_house.notifier.send_progress(own_house.partition_of(talk), 0, 0)
        await client.say(type="message", **body)
        assert (await client.hear())["code"] == "not_found"

        async def member(*_: str) -> MembershipAnswer:
            return MembershipAnswer(True, await own_house.store.progress())

        monkeypatch.setattr(own_house.store, "membership", member)  # eve was added
        await own_house.notifier.send_entry(
            [], {}, partition=own_house.partition_of(talk), kind=kind, conversation=talk, source_offset=8
        )
        await own_house.notifier.send_entry(["eve"], {"type": "after it"}, source_offset=9)
        await client.hear("after it")
        await client.say(type="message", **body)
        assert (await client.hear())["type"] == "accepted"


class Meanwhile:
    """A store whose every answer is overtaken by a change of `conversation`'s members."""

    def __init__(self, house: House, conversation: str) -> None:
        self._store = house.store
        self._conversation = conversation
        self.membership_of: Membership | None = None
        self.calls = 0

    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        self.calls += 1
        answer = await self._store.membership(user, conversation)
        assert self.membership_of is not None
        self.membership_of.forget(self._conversation)
        return answer


@pytest.mark.parametrize(("own", "questions"), [(False, 1), (True, 3)])
async def test_only_a_change_of_the_same_conversation_outdates_an_answer(
    own_house: House, talk: str, own: bool, questions: int
) -> None:
    store = Meanwhile(own_house, talk if own else ids.direct_conversation_id("cat", "dan"))
    membership = store.membership_of = Membership(cast("StorePort", store), told(own_house))
    assert await asked(membership, "ana", talk, 3) == ["allowed"] * 3
    assert store.calls == questions
