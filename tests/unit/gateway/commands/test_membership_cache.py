"""Membership checks: what is cached, for how long, and what happens while the store is away."""

import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from gateway import metrics
from gateway.commands.membership_cache import MembershipCache
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.store.client import StorePort
from shared.contract import ids
from shared.http.problems import Problem
from shared.internal.store_api import MembershipAnswer
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION, GatewayFixture


def current_tracker(gateway: GatewayFixture) -> OffsetTracker:
    """A tracker for which every partition is current."""
    offset_tracker = OffsetTracker()
    offset_tracker.partition_count = 4
    now = asyncio.get_running_loop().time()
    for partition in range(4):
        offset_tracker.mark_current(partition, now)
    return offset_tracker


async def results(membership: MembershipCache, user: str, conversation: str, times: int = 1) -> list[str]:
    """The results of so many checks, one after the other."""
    codes: list[str] = []
    for _ in range(times):
        try:
            await membership.require(user, conversation)
        except Problem as problem:
            codes.append(problem.code)
        else:
            codes.append("allowed")
    return codes


@pytest.fixture
async def talk(own_gateway: GatewayFixture) -> str:
    return await own_gateway.start_direct("ana", "ben")


async def test_an_answer_is_remembered_until_its_conversation_changes(
    own_gateway: GatewayFixture, talk: str
) -> None:
    store = own_gateway.store
    membership = MembershipCache(store, current_tracker(own_gateway))
    before = store.calls
    assert await results(membership, "ana", talk, 3) == ["allowed"] * 3
    assert store.calls == before + 1
    assert await results(membership, "eve", talk, 3) == ["not_found"] * 3
    assert store.calls == before + 2
    membership.invalidate(talk)
    assert await results(membership, "ana", talk) == ["allowed"]
    assert await results(membership, "eve", talk) == ["not_found"]
    assert store.calls == before + 4


async def test_a_no_is_remembered_for_a_second(
    own_gateway: GatewayFixture, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWER_TTL_SECONDS", 0.1)
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    before = own_gateway.store.calls
    assert await results(membership, "eve", talk, 2) == ["not_found"] * 2
    await asyncio.sleep(0.15)
    assert await results(membership, "eve", talk) == ["not_found"]
    assert own_gateway.store.calls == before + 2


async def test_without_news_from_notifiers_a_yes_ends_after_a_second_and_a_no_at_once(
    own_gateway: GatewayFixture, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWER_TTL_SECONDS", 0.1)
    offset_tracker = current_tracker(own_gateway)
    membership = MembershipCache(own_gateway.store, offset_tracker)
    assert await results(membership, "ana", talk) == ["allowed"]
    for partition in range(4):
        offset_tracker.mark_current(partition, asyncio.get_running_loop().time() - 60)
    await asyncio.sleep(0.15)
    before = own_gateway.store.calls
    assert await results(membership, "ana", talk, 3) == ["allowed"] * 3
    assert own_gateway.store.calls == before + 1
    assert await results(membership, "eve", talk, 3) == ["not_found"] * 3
    assert own_gateway.store.calls == before + 4


async def test_a_yes_from_before_the_first_link_is_not_kept(
    own_gateway: GatewayFixture, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed between the answer and the link was not delivered here."""
    monkeypatch.setattr("gateway.commands.membership_cache._ANSWER_TTL_SECONDS", 0.0)
    offset_tracker = OffsetTracker()
    membership = MembershipCache(own_gateway.store, offset_tracker)
    assert await results(membership, "ana", talk) == ["allowed"]
    offset_tracker.partition_count = 4
    for partition in range(4):
        offset_tracker.mark_current(partition, asyncio.get_running_loop().time())
    before = own_gateway.store.calls
    assert await results(membership, "ana", talk) == ["allowed"]
    assert own_gateway.store.calls == before + 1


async def test_what_a_gap_left_out_makes_nothing_current() -> None:
    offset_tracker = OffsetTracker()
    offset_tracker.partition_count = 1
    offset_tracker.advance(0, 0, 5, 5)
    offset_tracker.mark_current(0, 100.0)
    assert offset_tracker.is_current(UNKNOWN_CONVERSATION, 101.0)
    assert not offset_tracker.is_current(UNKNOWN_CONVERSATION, 105.0)
    offset_tracker.advance(0, 7, 8, 8)
    assert not offset_tracker.is_current(UNKNOWN_CONVERSATION, 100.0)


async def test_one_user_has_four_questions_at_a_time_and_takes_no_place_of_others(
    own_gateway: GatewayFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, most, answer = 0, 0, asyncio.Event()

    async def membership(user: str, _: str) -> MembershipAnswer:
        nonlocal under_way, most
        if user == "eve":
            under_way += 1
            most = max(most, under_way)
            await answer.wait()
            under_way -= 1
        return MembershipAnswer(user == "ana", await own_gateway.store.progress())

    monkeypatch.setattr(own_gateway.store, "membership", membership)
    checked = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    flood = [asyncio.create_task(results(checked, "eve", f"c{number}")) for number in range(1_000)]
    await asyncio.sleep(0)
    assert await results(checked, "ana", UNKNOWN_CONVERSATION) == ["allowed"]
    assert under_way == 4
    answer.set()
    codes = {code for answered in await asyncio.gather(*flood) for code in answered}
    assert most == 4
    assert codes <= {"not_found", "unavailable"}


async def test_an_answer_that_does_not_come_in_time_opens_nothing(
    own_gateway: GatewayFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.membership_cache._LOOKUP_TIMEOUT_SECONDS", 0.05)

    async def never(*_: str) -> MembershipAnswer:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(own_gateway.store, "membership", never)
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    with pytest.raises(Problem) as refused:
        await membership.require("ana", UNKNOWN_CONVERSATION)
    assert (refused.value.status, refused.value.retry_after) == (503, 1)
    flood = await asyncio.gather(*(results(membership, "eve", UNKNOWN_CONVERSATION) for _ in range(100)))
    assert flood == [["unavailable"]] * 100


async def test_a_busy_store_opens_nothing(own_gateway: GatewayFixture) -> None:
    own_gateway.store.busy = True
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    assert await results(membership, "ana", UNKNOWN_CONVERSATION, 3) == ["unavailable"] * 3


async def test_while_the_store_is_away_each_user_has_a_budget_and_is_not_queried_again_at_once(
    own_gateway: GatewayFixture,
) -> None:
    own_gateway.store.away = True
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    before, counted = own_gateway.store.calls, metrics.unchecked._value.get()
    assert (await results(membership, "ana", UNKNOWN_CONVERSATION, 100)).count("allowed") in (5, 6)
    assert (await results(membership, "ben", UNKNOWN_CONVERSATION, 5)) == ["allowed"] * 5
    assert own_gateway.store.calls <= before + 2
    assert 10 <= metrics.unchecked._value.get() - counted <= 12


async def test_a_budget_is_five_a_second(own_gateway: GatewayFixture) -> None:
    own_gateway.store.away = True
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    loop = asyncio.get_running_loop()
    began, allowed = loop.time(), 0
    while loop.time() - began < 1.0:
        allowed += (await results(membership, "eve", UNKNOWN_CONVERSATION)).count("allowed")
        await asyncio.sleep(0.005)
    assert 7 <= allowed <= 5 + 5 * (loop.time() - began) + 1


async def test_members_who_are_remembered_spend_nothing(own_gateway: GatewayFixture, talk: str) -> None:
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    assert await results(membership, "ana", talk) == ["allowed"]
    own_gateway.store.away = True
    assert await results(membership, "ana", talk, 50) == ["allowed"] * 50
    assert await results(membership, "ana", UNKNOWN_CONVERSATION, 5) == ["allowed"] * 5


async def test_a_check_that_opens_and_closes_says_so_once(own_gateway: GatewayFixture, talk: str) -> None:
    membership = MembershipCache(own_gateway.store, current_tracker(own_gateway))
    own_gateway.store.away = True
    with capture_logs() as lines:
        await asyncio.gather(*(results(membership, user, UNKNOWN_CONVERSATION, 9) for user in "abc"))
        assert [line["event"] for line in lines] == ["membership.unchecked"]
        own_gateway.store.away = False
        async with asyncio.timeout(5):
            while await results(membership, "eve", talk) != ["not_found"]:
                await asyncio.sleep(0.05)
        assert [line["event"] for line in lines] == ["membership.unchecked", "membership.checked"]
    assert lines[1]["unchecked_writes"] >= 15


async def test_a_no_of_a_store_behind_the_notifiers_does_not_count(
    own_gateway: GatewayFixture, talk: str
) -> None:
    """Its read models may be rebuilt: a member may not be in them yet."""
    offset_tracker, partition = current_tracker(own_gateway), own_gateway.partition_of(talk)
    membership = MembershipCache(own_gateway.store, offset_tracker)
    offset_tracker.assign(partition, 0, 2)
    own_gateway.store.frozen_at = (1, 1, 1, 1)
    assert await results(membership, "ana", talk, 2) == ["allowed"] * 2
    assert (await results(membership, "eve", talk, 20)).count("allowed") in (5, 6)
    own_gateway.store.frozen_at = None
    assert await results(membership, "eve", talk) == ["not_found"]


async def test_a_yes_of_a_store_behind_the_notifiers_is_not_cached(
    own_gateway: GatewayFixture, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may not have a removal yet that was delivered already."""

    async def behind(*_: str) -> MembershipAnswer:
        progress = await own_gateway.store.progress()
        return MembershipAnswer(True, type(progress)(progress.epoch, (0, 0, 0, 0)))

    offset_tracker = current_tracker(own_gateway)
    offset_tracker.assign(own_gateway.partition_of(talk), 0, 2)
    monkeypatch.setattr(own_gateway.store, "membership", behind)
    membership = MembershipCache(own_gateway.store, offset_tracker)
    assert await results(membership, "eve", talk) == ["allowed"]
    monkeypatch.undo()
    assert await results(membership, "eve", talk) == ["not_found"]


async def test_who_starts_a_conversation_may_write_at_once_and_so_may_the_peer(
    own_gateway: GatewayFixture,
) -> None:
    talk = ids.direct_conversation_id("ana", "ben")
    body = {"conversationId": talk, "text": "too early"}
    for user in ("ana", "ben"):
        early = await own_gateway.http.post(f"/messages?meId={user}", json=body)
        assert early.status_code == 404
    assert await own_gateway.start_direct("ana", "ben") == talk
    for user in ("ana", "ben"):
        sent = await own_gateway.http.post(f"/messages?meId={user}", json=body)
        assert sent.status_code == 202


@pytest.mark.parametrize("kind", ["chat.conversation.started.v1", "chat.member.added.v1"])
async def test_who_became_a_member_is_not_refused_for_an_answer_from_before(
    own_gateway: GatewayFixture, talk: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with own_gateway.connected("eve") as client:
        body = {"conversationId": talk, "text": "hello"}
        await own_gateway.notifier.send_progress(own_gateway.partition_of(talk), 0, 0)
        await client.send(type="message", **body)
        assert (await client.receive())["code"] == "not_found"

        async def member(*_: str) -> MembershipAnswer:
            return MembershipAnswer(True, await own_gateway.store.progress())

        monkeypatch.setattr(own_gateway.store, "membership", member)  # eve was added
        await own_gateway.notifier.send_entry(
            [], {}, partition=own_gateway.partition_of(talk), kind=kind, conversation=talk, source_offset=8
        )
        await own_gateway.notifier.send_entry(["eve"], {"type": "after it"}, source_offset=9)
        await client.receive("after it")
        await client.send(type="message", **body)
        assert (await client.receive())["type"] == "accepted"


class Meanwhile:
    """A store whose every answer is overtaken by a change of `conversation`'s members."""

    def __init__(self, gateway: GatewayFixture, conversation: str) -> None:
        self._store = gateway.store
        self._conversation = conversation
        self.membership_of: MembershipCache | None = None
        self.calls = 0

    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        self.calls += 1
        answer = await self._store.membership(user, conversation)
        assert self.membership_of is not None
        self.membership_of.invalidate(self._conversation)
        return answer


@pytest.mark.parametrize(("own", "questions"), [(False, 1), (True, 3)])
async def test_only_a_change_of_the_same_conversation_outdates_an_answer(
    own_gateway: GatewayFixture, talk: str, own: bool, questions: int
) -> None:
    store = Meanwhile(own_gateway, talk if own else ids.direct_conversation_id("cat", "dan"))
    membership = store.membership_of = MembershipCache(cast("StorePort", store), current_tracker(own_gateway))
    assert await results(membership, "ana", talk, 3) == ["allowed"] * 3
    assert store.calls == questions
