"""The queries over HTTP, from a real database."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import psycopg
import pytest

from message_store.query_api import queries, read_sql
from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from shared.contract import cursor, ids
from shared.contract.events import Event
from shared.contract.fields import MAX_PAGE_BYTES, MAX_SEQ
from shared.contract.position import Position
from shared.http.problems import Problem
from shared.log.log_epoch import LogIdentity
from tests.fixtures import builders
from tests.integration.read_models import GROUP, ReadModels

DIRECT = ids.direct_conversation_id("ann", "bob")


def _seqs(page: Any) -> list[int]:
    return [item["seq"] for item in page["items"]]


def _messages(count: int, sender: str = "ann", conversation: str = GROUP) -> Sequence[Event]:
    return [builders.sent(conversation, sender, str(n)) for n in range(count)]


async def test_a_message_and_its_conversation_match_the_contract(read_models: ReadModels) -> None:
    start = builders.direct("ann", "bob")
    message = builders.sent(DIRECT, "ann", "hi", client_id="1")
    await read_models.apply(start, message)
    (item,) = (await read_models.history("bob", conversation=DIRECT))["items"]
    expected = {
        "id": ids.message_id(DIRECT, "ann", "1"),
        "conversationId": DIRECT,
        "seq": 1,
        "senderId": "ann",
        "text": "hi",
        "createdAt": message.time,
        "isRead": False,
        "version": 1,
        "clientId": "1",
    }
    assert item == expected
    (conversation,) = (await read_models.get("/conversations", user="bob"))["items"]
    assert conversation == {
        "id": DIRECT,
        "kind": "direct",
        "title": None,
        "peerId": "ann",
        "members": ["ann", "bob"],
        "memberCount": 2,
        "lastMessage": expected,
        "lastSeq": 1,
        "readSeq": 0,
        "unreadCount": 1,
        "createdAt": start.time,
        "updatedAt": message.time,
        "version": 1,
    }
    assert await read_models.get(f"/conversations/{DIRECT}", user="bob") == conversation


@pytest.mark.parametrize(
    ("params", "seqs", "older", "newer", "more"),
    [
        ({}, [6, 7, 8, 9, 10], True, False, True),
        ({"limit": 100}, list(range(1, 11)), False, False, False),
        ({"before": 6}, [1, 2, 3, 4, 5], False, True, False),
        ({"before": 7}, [2, 3, 4, 5, 6], True, True, True),
        ({"before": 1}, [], False, True, False),
        ({"before": 0}, [], False, True, False),
        ({"before": 2**53 - 1}, [6, 7, 8, 9, 10], True, False, True),
        ({"after": 0}, [1, 2, 3, 4, 5], False, True, True),
        ({"after": 5}, [6, 7, 8, 9, 10], True, False, False),
        ({"after": 10}, [], True, False, False),
        ({"after": 2**53 - 1}, [], True, False, False),
        ({"around": 5}, [3, 4, 5, 6, 7], True, True, True),
        ({"around": 1}, [1, 2, 3, 4, 5], False, True, True),
        ({"around": 10}, [6, 7, 8, 9, 10], True, False, True),
        ({"around": 0}, [1, 2, 3, 4, 5], False, True, True),
        ({"around": 500}, [6, 7, 8, 9, 10], True, False, True),
        ({"around": 5, "limit": 1}, [5], True, True, True),
        ({"around": 5, "limit": 4}, [3, 4, 5, 6], True, True, True),
    ],
)
async def test_a_page_of_history_is_what_lies_nearest_to_its_bound(
    read_models: ReadModels, params: dict[str, int], seqs: list[int], older: bool, newer: bool, more: bool
) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]), *_messages(10))
    page = await read_models.history("ann", **({"limit": 5} | params))
    assert _seqs(page) == seqs
    assert (page["hasOlder"], page["hasNewer"], page["hasMore"]) == (older, newer, more)


@pytest.mark.parametrize("bound", ["before", "after"])
async def test_paging_through_long_texts_shows_each_once_in_pages_of_bounded_bytes(
    read_models: ReadModels, bound: str
) -> None:
    texts = ["\U0001f30a" * 8_000, "\x01" * 8_000, '"' * 8_000, "short"] * 10
    await read_models.apply(
        builders.started(GROUP, ["ann"]), *(builders.sent(GROUP, "ann", text) for text in texts)
    )
    seen, at = list[int](), 0 if bound == "after" else MAX_SEQ
    while True:
        page = await read_models.history("ann", limit=100, **{bound: at})
        seqs = _seqs(page)
        assert 0 < len(orjson.dumps(page["items"])) <= MAX_PAGE_BYTES + 100
        assert seqs == list(range(seqs[0], seqs[-1] + 1))
        seen = seen + seqs if bound == "after" else seqs + seen
        assert page["hasMore"] == (len(seen) < len(texts))
        assert page["hasMore"] == page["hasNewer" if bound == "after" else "hasOlder"]
        if not page["hasMore"]:
            break
        at = seqs[-1] if bound == "after" else seqs[0]
    assert seen == list(range(1, len(texts) + 1))


async def test_a_page_of_long_texts_around_a_message_has_it_in_the_middle(read_models: ReadModels) -> None:
    await read_models.apply(
        builders.started(GROUP, ["ann"]), *(builders.sent(GROUP, "ann", "\x01" * 8_000) for _ in range(40))
    )
    page = await read_models.history("ann", limit=100, around=20)
    assert _seqs(page) == [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
    assert (page["hasOlder"], page["hasNewer"], page["hasMore"]) == (True, True, True)


async def test_paging_through_conversations_of_long_texts_shows_each_once(read_models: ReadModels) -> None:
    story: list[Event] = []
    for number in range(25):
        peer = f"peer-{number}"
        story += [
            builders.direct("ann", peer),
            builders.sent(ids.direct_conversation_id("ann", peer), "ann", "\x01" * 8_000),
        ]
    await read_models.apply(*story)
    seen, params = list[str](), dict[str, Any]()
    while True:
        answer = await read_models.get("/conversations", user="ann", limit=100, **params)
        assert 0 < len(orjson.dumps(answer["items"])) <= MAX_PAGE_BYTES + 100
        seen += [item["peerId"] for item in answer["items"]]
        if answer["nextPage"] is None:
            break
        params = {"page": answer["nextPage"]}
    assert seen == [f"peer-{number}" for number in reversed(range(25))]


async def test_paging_through_conversations_shows_each_once_newest_first(read_models: ReadModels) -> None:
    peers = [f"peer-{n}" for n in range(7)]
    await read_models.apply(*(builders.direct("ann", peer) for peer in peers))
    seen, params = list[str](), dict[str, Any]()
    while True:
        answer = await read_models.get("/conversations", user="ann", limit=3, **params)
        seen += [item["peerId"] for item in answer["items"]]
        if answer["nextPage"] is None:
            break
        params = {"page": answer["nextPage"]}
    assert seen == peers[::-1]


async def test_a_user_never_seen_has_an_empty_list(read_models: ReadModels) -> None:
    await read_models.apply(builders.opened())
    answer = await read_models.get("/conversations", user="nobody")
    assert (answer["items"], answer["nextPage"]) == ([], None)


async def test_ticks_and_badges_follow_the_reads(read_models: ReadModels) -> None:
    await read_models.apply(
        builders.started(GROUP, ["ann", "bob", "cat"]), *_messages(3), builders.read(GROUP, "bob", 2)
    )

    async def ticks(user: str) -> list[bool]:
        return [item["isRead"] for item in (await read_models.history(user))["items"]]

    async def unread(user: str) -> int:
        (item,) = (await read_models.get("/conversations", user=user))["items"]
        assert item["unreadCount"] == item["lastSeq"] - item["readSeq"]
        return int(item["unreadCount"])

    assert (await ticks("bob"), await unread("bob")) == ([True, True, False], 1)
    assert (await ticks("ann"), await unread("ann")) == ([False, False, False], 0)
    await read_models.apply(builders.read(GROUP, "cat", 1))
    assert await ticks("ann") == [True, False, False]
    await read_models.apply(builders.sent(GROUP, "bob"), builders.removed(GROUP, "ann", "cat"))
    assert await ticks("ann") == [True, True, True, False]
    assert (await ticks("bob"), await unread("bob")) == ([True, True, True, False], 0)


async def test_alone_and_above_32_members_own_messages_are_never_read(read_models: ReadModels) -> None:
    alone, crowd = ids.group_conversation_id("ann", "alone"), ids.group_conversation_id("ann", "crowd")
    await read_models.apply(
        builders.started(alone, ["ann"]),
        *_messages(1, conversation=alone),
        builders.started(crowd, ["ann", *(f"user-{n}" for n in range(32))]),
        *_messages(1, conversation=crowd),
        *(builders.read(crowd, f"user-{n}", 1) for n in range(32)),
    )
    for conversation in (alone, crowd):
        page = await read_models.history("ann", conversation=conversation)
        assert [item["isRead"] for item in page["items"]] == [False]


async def test_history_for_the_joined_shows_ones_own_intervals_and_nothing_between(
    read_models: ReadModels,
) -> None:
    await read_models.apply(
        builders.started(GROUP, ["ann"], visibility="joined"),
        *_messages(1),
        builders.added(GROUP, "ann", "bob"),
        *_messages(1),
        builders.removed(GROUP, "ann", "bob"),
        *_messages(1),
    )
    await read_models.history("bob", status=404)
    await read_models.apply(builders.added(GROUP, "ann", "bob"))
    (item,) = (await read_models.get("/conversations", user="bob"))["items"]
    assert (item["lastMessage"], item["unreadCount"]) == (None, 0)
    await read_models.apply(*_messages(1))
    page = await read_models.history("bob")
    assert _seqs(page) == [2, 4]
    assert not page["hasMore"]
    assert _seqs(await read_models.history("bob", around=3, limit=2)) == [2, 4]


async def test_a_stranger_gets_the_same_answers_as_for_no_conversation(read_models: ReadModels) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]), *_messages(1))
    position = str(Position(builders.EPOCH, 0, 1))
    answers = [
        await read_models.history("eve", status=404),
        await read_models.history("eve", status=404, conversation=ids.fresh_id()),
        await read_models.get(f"/conversations/{GROUP}", 404, user="eve"),
    ]
    assert all(answer == answers[0] for answer in answers)
    assert not (await read_models.get("/membership", user="eve", conversation=GROUP))["member"]
    assert (await read_models.get("/membership", user="ann", conversation=GROUP))["member"]
    await read_models.get("/outcome", 404, user="eve", position=position)
    assert (await read_models.get("/conversations", user="eve"))["items"] == []


@pytest.mark.parametrize(("user", "looks"), [("ann", 2), ("eve", 0)])
async def test_a_strangers_query_reads_no_messages(
    read_models: ReadModels, database_url: str, user: str, looks: int
) -> None:
    """Otherwise a conversation's id would be enough to make the store read all of it."""
    await read_models.apply(builders.started(GROUP, ["ann"]), *_messages(20))
    assert _looks(database_url, {"user": user, "bound": 10, "older": 3, "newer": 1}) == looks


async def test_the_newest_page_does_not_query_newer_messages(
    read_models: ReadModels, database_url: str
) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]), *_messages(20))
    page = await read_models.history("ann", limit=2)
    assert (_seqs(page), page["hasOlder"], page["hasNewer"]) == ([19, 20], True, False)
    assert _looks(database_url, {"user": "ann", "bound": MAX_SEQ, "older": 3, "newer": 0}) == 1


def _looks(database_url: str, params: dict[str, Any]) -> int:
    """How often a page of history reads messages: both sides of the bound make two."""
    named = {"conversation": GROUP, **params}
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("explain (analyze, format json) " + read_sql.HISTORY, named).fetchall()
    scans = [node for node in _nodes(rows[0][0][0]["Plan"]) if node.get("Relation Name") == "messages"]
    assert len(scans) == 2
    return sum(node["Actual Loops"] for node in scans)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


async def test_the_outcome_of_an_event_is_for_its_actor(read_models: ReadModels) -> None:
    await read_models.apply(
        builders.started(GROUP, ["ann"]),
        builders.sent(GROUP, "ann", "first", client_id="1"),
        builders.sent(GROUP, "ann", "again", client_id="1"),
        builders.sent(GROUP, "bob"),
        builders.read(GROUP, "ann", 1),
    )

    async def outcome(user: str, offset: int) -> Any:
        return await read_models.get("/outcome", user=user, position=str(Position(builders.EPOCH, 0, offset)))

    assert (await outcome("ann", 0))["outcome"] == "entry"
    first, again = await outcome("ann", 1), await outcome("ann", 2)
    assert (first["outcome"], again["outcome"]) == ("entry", "duplicate")
    assert first["message"] == again["message"] == (await read_models.history("ann"))["items"][0]
    assert await outcome("bob", 3) == {"outcome": "rejected", "reason": "not_found"}
    assert await outcome("ann", 4) == {"outcome": "skipped", "reason": "no_change"}


async def test_a_query_that_waits_is_answered_once_its_position_is_projected(read_models: ReadModels) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]))
    position = str(Position(builders.EPOCH, 0, 1))
    behind = await read_models.history("ann", status=503, position=position)
    assert behind["code"] == "projection_behind"
    waiting = asyncio.create_task(read_models.history("ann", position=position, wait=5))
    await asyncio.sleep(0.1)
    await read_models.apply(*_messages(1))
    assert _seqs(await asyncio.wait_for(waiting, 2)) == [1]


@pytest.mark.parametrize(
    ("position", "status", "code"),
    [
        ("garbage", 422, "invalid"),
        (f"{'f' * 16}-0-0", 410, "cursor_unusable"),
        (f"{builders.EPOCH}-1-0", 422, "invalid"),
        (f"{builders.EPOCH}-0-999999", 503, "projection_behind"),
    ],
)
async def test_a_position_that_cannot_be_reached_is_refused(
    read_models: ReadModels, position: str, status: int, code: str
) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]))
    for path in ("/conversations", "/outcome"):
        assert (await read_models.get(path, status, user="ann", position=position))["code"] == code


@pytest.mark.parametrize("page", ["x", "W10", "WzEsMl0", "WyJhIiwiYiJd", "=", "a" * 5000])
async def test_a_page_token_that_never_was_one_is_refused(read_models: ReadModels, page: str) -> None:
    await read_models.apply(builders.opened())
    assert (await read_models.get("/conversations", 422, user="ann", page=page))["code"] == "invalid"


async def test_a_snapshot_carries_the_cursor_it_is_true_at(read_models: ReadModels) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]), *_messages(2))
    for answer in (await read_models.history("ann"), await read_models.get("/conversations", user="ann")):
        decoded = cursor.decode(answer["cursor"])
        assert (decoded.epoch, decoded.offsets) == (builders.EPOCH, (3,))
        assert decoded.belongs_to("ann")
    assert await read_models.get("/progress") == {"epoch": builders.EPOCH, "offsets": [3]}


async def test_a_partition_never_claimed_is_at_its_beginning(database_url: str) -> None:
    """A partition beyond the log's, as of a topic that was enlarged, stops no reader."""
    migrate(database_url)
    store = PostgresStore(database_url)
    await store.claim(LogIdentity(builders.EPOCH, 12), [2, 10, 12])
    await store.close()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update progress set next_offset = 7 * partition")
    async with queries.open_queries(database_url, 2) as opened:
        stands = [0, 0, 14, *[0] * 7, 70, 0]
        assert list((await opened.progress()).offsets) == stands
        assert list((await opened.membership("ann", GROUP)).projection.offsets) == stands
        page = await opened.conversations("ann", 5, None)
        for text in (page["cursor"], (await opened.sync("ann", None, 5)).cursor):
            assert list(cursor.decode(text).offsets) == stands


async def test_a_failed_query_returns_its_connection(database_url: str) -> None:
    migrate(database_url)
    async with queries.open_queries(database_url, 2) as opened:
        opened._database._timeout = 0.5

        for trouble, code in (
            ("select pg_sleep(5)", "busy"),
            ("select 1/0", "unavailable"),
            ("select pg_terminate_backend(pg_backend_pid())", "unavailable"),
        ):
            for _ in range(3):
                with pytest.raises(Problem, match=code):
                    await opened._rows(trouble, {})
        for _ in range(3):
            asking = asyncio.create_task(opened._rows("select pg_sleep(5)", {}))
            await asyncio.sleep(0.1)
            asking.cancel()
            await asyncio.wait([asking])
            assert asking.cancelled()
        assert await opened._rows("select 1", {}) == [(1,)]
