"""Sync pages from a real database. Law: *snapshot + later entries == fresh read*."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import psycopg
import pytest

from message_store.query_api.read_sql import SYNC
from message_store.read_models.entry_encoder import encode_entry
from shared.contract import codec, cursor, ids
from shared.contract.events import Event
from shared.contract.fields import MAX_SYNC_PAGE_BYTES, MAX_TEXT
from tests.fixtures import builders
from tests.integration.read_models import GROUP, ReadModels

USERS = ["ann", "bob", "cat", "dan"]
GROUPS = [ids.group_conversation_id("ann", str(n)) for n in range(4)]


async def _sync(read_models: ReadModels, user: str, at: str, limit: int = 100) -> tuple[list[Any], str]:
    """Read all pages."""
    frames: list[Any] = []
    while True:
        page = await read_models.get("/sync", user=user, cursor=at, limit=limit)
        assert len(page["entries"]) <= limit
        frames, at = frames + page["entries"], page["cursor"]
        if not page["hasMore"]:
            return frames, at


def _story(dice: random.Random, length: int) -> list[Event]:
    story: list[Event] = [builders.opened()]
    for _ in range(length):
        group, actor, user = dice.choice(GROUPS), dice.choice(USERS), dice.choice(USERS)
        kinds: list[tuple[int, Callable[[], Event]]] = [
            (2, partial(builders.started, group, dice.sample(USERS, 3))),
            (4, partial(builders.sent, group, actor, client_id=str(dice.randrange(60)))),
            (4, partial(builders.sent, group, actor)),
            (3, partial(builders.read, group, actor, dice.randrange(12))),
            (2, partial(builders.added, group, actor, user)),
            (1, partial(builders.removed, group, actor, user)),
        ]
        (make,) = dice.choices([kind for _, kind in kinds], weights=[weight for weight, _ in kinds])
        story.append(make())
    return story


@pytest.mark.parametrize("seed", range(4))
async def test_from_any_cursor_on_every_frame_of_the_caller_comes_once_and_in_order(
    read_models: ReadModels,
    seed: int,
) -> None:
    dice = random.Random(seed)
    story, expected = _story(dice, 120), {user: list[tuple[int, str, int]]() for user in USERS}
    starts: dict[str, list[tuple[int, str]]] = {user: [] for user in USERS}
    while story:
        for user in USERS:
            at = (await read_models.get("/sync", user=user))["cursor"]
            starts[user].append((len(expected[user]), at))
        cut = dice.randint(1, 30)
        for folded in await read_models.apply(*story[:cut]):
            for user in folded.audience:
                expected[user].append((folded.offset, type(folded.outcome).__name__, folded.partition))
        story = story[cut:]
    for user in USERS:
        for seen, at in starts[user]:
            for limit in (1, 7, 100):
                frames, end = await _sync(read_models, user, at, limit)
                assert len(frames) == len(expected[user]) - seen
                versions = [frame["version"] for frame in frames if "version" in frame]
                assert versions == [offset for offset, kind, _ in expected[user][seen:] if kind != "Rejected"]
                assert (await _sync(read_models, user, end))[0] == []


async def test_every_element_is_the_frame_that_a_live_socket_received(read_models: ReadModels) -> None:
    """But for `isRead`, which is false live and as of now in a page."""
    await read_models.apply(builders.opened())
    starts = {user: (await read_models.get("/sync", user=user))["cursor"] for user in USERS}
    live: dict[str, list[Any]] = {user: [] for user in USERS}
    for folded in await read_models.apply(*_story(random.Random(5), 200)[1:]):
        if not folded.audience:
            continue
        frame = codec.decode_entry(encode_entry(folded, builders.EPOCH, "test")).frame()
        assert frame is not None
        for user in folded.audience:
            live[user].append(orjson.loads(codec.encode(frame)))
    for user in USERS:
        missed, _ = await _sync(read_models, user, starts[user])
        assert [frame | {"isRead": False} if "isRead" in frame else frame for frame in missed] == live[user]
    kinds = {frame["type"] for frames in live.values() for frame in frames}
    assert kinds == {"message", "read", "conversation", "rejected"}


async def test_what_lies_between_two_memberships_is_left_out(read_models: ReadModels) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]), builders.sent(GROUP, "ann", "before"))
    at = (await read_models.get("/sync", user="bob"))["cursor"]
    first = cursor.encode(builders.EPOCH, "bob", [0])
    await read_models.apply(
        builders.added(GROUP, "ann", "bob"),
        builders.sent(GROUP, "ann", "one"),
        builders.removed(GROUP, "ann", "bob"),
        builders.sent(GROUP, "ann", "between"),
        builders.added(GROUP, "ann", "bob"),
        builders.sent(GROUP, "ann", "two"),
    )
    for start in (at, first):
        frames, _ = await _sync(read_models, "bob", start)
        texts = [frame["text"] for frame in frames if frame["type"] == "message"]
        assert texts == ["one", "two"]
        assert [f["memberCount"] for f in frames if f["type"] == "conversation"] == [2, 1, 2]


@pytest.mark.parametrize("letter", ["a", "🌊", "\x01"], ids=["a byte", "four bytes", "six in JSON"])
async def test_a_page_of_long_messages_ends_before_it_is_too_much_for_a_socket(
    read_models: ReadModels, letter: str
) -> None:
    texts = [str(n) + letter * (MAX_TEXT - 9) for n in range(20)] + ["short"] * 110
    await read_models.apply(builders.started(GROUP, ["ann", "bob"]))
    at, shown, pages = (await read_models.get("/sync", user="bob"))["cursor"], list[str](), 0
    await read_models.apply(*(builders.sent(GROUP, "ann", text) for text in texts))
    more = True
    while more:
        page = await read_models.get("/sync", user="bob", cursor=at, limit=100)
        entries, at, more = page["entries"], page["cursor"], page["hasMore"]
        assert 0 < sum(len(orjson.dumps(entry)) for entry in entries) <= MAX_SYNC_PAGE_BYTES
        assert cursor.decode(at).offsets[0] == entries[-1]["version"] + 1
        shown, pages = shown + [entry["text"] for entry in entries], pages + 1
    assert shown == texts
    assert 3 < pages <= 22


async def test_long_texts_that_a_page_does_not_show_are_not_read(
    read_models: ReadModels, database_url: str
) -> None:
    await read_models.apply(
        builders.started(GROUP, ["ann", "bob"]),
        *(builders.sent(GROUP, "ann", "a" * MAX_TEXT) for _ in range(100)),
    )
    with psycopg.connect(database_url) as connection:
        params = {"user": "bob", "offsets": [0], "limit": 101}
        assert connection.execute(SYNC, params).rowcount <= 2 + MAX_SYNC_PAGE_BYTES // MAX_TEXT


async def test_a_rejection_reaches_its_actor_after_an_absence(read_models: ReadModels) -> None:
    await read_models.apply(builders.started(GROUP, ["ann"]))
    at = (await read_models.get("/sync", user="eve"))["cursor"]
    refused = builders.sent(GROUP, "eve", client_id="1")
    await read_models.apply(refused)
    frames, _ = await _sync(read_models, "eve", at)
    assert frames == [
        {
            "type": "rejected",
            "conversationId": GROUP,
            "id": ids.message_id(GROUP, "eve", "1"),
            "clientId": "1",
            "reason": "not_found",
        }
    ]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("garbage", 422, "cursor_invalid"),
        ("A" * 10_000, 422, "cursor_invalid"),
        (cursor.encode(builders.EPOCH, "bob", [0]), 410, "cursor_unusable"),
        (cursor.encode("f" * 16, "ann", [0]), 410, "cursor_unusable"),
        (cursor.encode(builders.EPOCH, "ann", [0, 0]), 410, "cursor_unusable"),
        (cursor.encode(builders.EPOCH, "ann", [999]), 503, "projection_behind"),
    ],
)
async def test_a_cursor_that_cannot_be_honoured_is_refused(
    read_models: ReadModels,
    text: str,
    status: int,
    code: str,
) -> None:
    await read_models.apply(builders.opened())
    assert (await read_models.get("/sync", status, user="ann", cursor=text))["code"] == code


async def test_messages_are_shown_as_they_are_now_for_the_caller(read_models: ReadModels) -> None:
    await read_models.apply(builders.started(GROUP, ["ann", "bob"]))
    at = {user: (await read_models.get("/sync", user=user))["cursor"] for user in ("ann", "bob")}
    await read_models.apply(builders.sent(GROUP, "ann", client_id="1"), builders.read(GROUP, "bob", 1))
    for user in ("ann", "bob"):
        (shown, read), _ = await _sync(read_models, user, at[user])
        (item,) = (await read_models.history(user))["items"]
        assert shown == {"type": "message"} | item
        assert shown["isRead"]
        assert read == {"type": "read", "conversationId": GROUP, "userId": "bob", "upTo": 1, "version": 2}


async def test_a_database_that_was_there_and_is_made_anew_is_behind(
    read_models: ReadModels, database_url: str
) -> None:
    """The waiter saw it further a moment ago and may still assume so."""
    await read_models.apply(builders.started(GROUP, ["ann", "bob"]))
    at = (await read_models.get("/sync", user="bob"))["cursor"]
    await read_models.get("/sync", user="bob", cursor=at)
    with psycopg.connect(database_url) as connection:
        connection.execute("truncate journal, messages, members, conversations")
        connection.execute("update progress set next_offset = 0, last_id = null")
    assert (await read_models.get("/sync", 503, user="bob", cursor=at))["code"] == "projection_behind"
