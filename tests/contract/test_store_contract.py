"""What the projector's store promises, held over PostgreSQL and over its twin in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from message_store.domain import Duplicate, Rejected, Sent
from message_store.domain.fold import ConsumedEvent, FoldResult, fold
from message_store.projector.batch import FoldedBatch
from message_store.projector.state_cache import StateCache, with_known_messages
from message_store.read_models.changes import advance, changes
from message_store.read_models.entry_encoder import encode_entry
from message_store.read_models.rows import WriteSet
from message_store.storage.migrate import migrate
from message_store.storage.port import ExistingMessages, OwnershipLost, PartitionProgress, Store, WrongLog
from message_store.storage.postgres import PostgresStore
from message_store.testing.in_memory_storage import InMemoryStore, Tables
from shared.contract import codec, ids
from shared.contract.events import Event
from shared.log.log_epoch import LogIdentity
from tests import builders
from tests.unit.message_store.reference_model import commit

LOG = LogIdentity(builders.EPOCH, 2)
GROUP = ids.group_conversation_id("ann", "g")
STORY: list[Event] = [
    builders.opened(2),
    builders.started(GROUP, ["ann", "bob", "Zoë"], title="Fish & chips"),
    builders.sent(GROUP, "ann", 'a "quoted" \\ text', client_id="1"),
    builders.added(GROUP, "ann", "cat"),
    builders.sent(GROUP, "cat", "line\nline"),
    builders.sent(GROUP, "nobody", client_id="{1,2}"),
    builders.read(GROUP, "bob", 9),
    builders.removed(GROUP, "ann", "bob"),
    builders.sent(GROUP, "ann", client_id="1"),
    builders.added(GROUP, "ann", "bob"),
]


@dataclass
class Database:
    """Several stores on it are several projectors."""

    new: Callable[[], Store]


@pytest.fixture(params=["memory", "postgres"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    if request.param == "memory":
        tables = Tables()
        yield Database(lambda: InMemoryStore(tables))
        return
    url = request.getfixturevalue("database_url")
    migrate(url)
    opened: list[PostgresStore] = []

    def new() -> Store:
        opened.append(PostgresStore(url))
        return opened[-1]

    yield Database(new)
    for store in opened:
        await store.close()


@pytest.fixture
async def store(database: Database) -> Store:
    made = database.new()
    await made.claim(LOG, [0, 1])
    return made


def _arrivals(story: Sequence[Event], start: int) -> list[ConsumedEvent]:
    records = builders.records(0, story, start)
    return [ConsumedEvent(record, event) for record, event in zip(records, story, strict=True)]


async def _made(
    store: Store, story: Sequence[Event], start: int = 0, known: ExistingMessages | None = None
) -> tuple[WriteSet, list[FoldResult]]:
    arrivals = _arrivals(story, start)
    before = with_known_messages(await StateCache(store).load(arrivals, {}), known or {})
    states = dict(before)
    batch = fold(states, arrivals)
    return changes(batch, before, states, advance(batch, {0: 0, 1: 0})), batch


async def _draft(store: Store, story: Sequence[Event], start: int = 0) -> FoldedBatch:
    return await commit(store, StateCache(store), _arrivals(story, start), {0: 0})


async def _commit(store: Store, story: Sequence[Event], start: int = 0) -> list[FoldResult]:
    return (await _draft(store, story, start)).batch


def _told(batch: Sequence[FoldResult]) -> list[Any]:
    told = (encode_entry(folded, builders.EPOCH, "test") for folded in batch if folded.is_published)
    return [codec.decode_entry(each) for each in told]


async def test_a_state_comes_back_as_it_was_folded(store: Store) -> None:
    folded = (await _draft(store, STORY)).after[GROUP]
    assert folded is not None
    loaded = (await store.conversations([GROUP, ids.fresh_id()]))[GROUP]
    assert list(loaded.members.items()) == list(folded.members.items())
    assert (loaded.title, loaded.version, loaded.last_seq) == ("Fish & chips", 9, 2)
    assert (loaded.created_at, loaded.updated_at) == (folded.created_at, folded.updated_at)
    assert loaded.sent == {}


@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_the_journal_tells_again_what_was_told_however_it_was_batched(store: Store, size: int) -> None:
    told = []
    for start in range(0, len(STORY), size):
        told += _told(await _commit(store, STORY[start : start + size], start))
    assert _told(await store.unpublished(0, 0, 100)) == told
    assert _told(await store.unpublished(0, 4, 2)) == [t for t in told if int(t.id.split("-")[2]) >= 4][:2]


async def test_a_batch_that_takes_for_new_what_was_sent_before_is_not_written(store: Store) -> None:
    await _commit(store, STORY)
    again = [builders.sent(GROUP, "ann", "new"), builders.sent(GROUP, "ann", "again", client_id="1")]
    made, _ = await _made(store, again, start=len(STORY))
    known = {GROUP: {ids.message_id(GROUP, "ann", "1"): 2}}
    assert await store.commit(made) == known
    assert (await store.owned([0]))[0].next_offset == len(STORY)
    assert (await store.conversations([GROUP]))[GROUP].last_seq == 2
    made, batch = await _made(store, again, len(STORY), known)
    assert await store.commit(made) == {}
    assert [type(folded.outcome) for folded in batch] == [Sent, Duplicate]


async def test_nor_is_one_that_refuses_what_was_sent_before(store: Store) -> None:
    """Who left the group, and says again what was said as a member, is not told that it failed."""
    said_and_left = [builders.sent(GROUP, "bob", client_id="7"), builders.removed(GROUP, "ann", "bob")]
    await _commit(store, [*STORY, *said_and_left])
    again = [builders.sent(GROUP, "bob", client_id="7"), builders.sent(GROUP, "bob", client_id="8")]
    made, batch = await _made(store, again, len(STORY) + 2)
    assert [type(folded.outcome) for folded in batch] == [Rejected, Rejected]
    assert await store.commit(made) == {GROUP: {ids.message_id(GROUP, "bob", "7"): len(STORY)}}


async def test_who_lost_the_race_is_not_told_of_messages(database: Database) -> None:
    first, second = database.new(), database.new()
    await first.claim(LOG, [0, 1])
    made, _ = await _made(first, STORY)
    await first.commit(made)
    await second.claim(LOG, [0, 1])
    with pytest.raises(OwnershipLost):
        await first.commit(made)


async def test_progress_moves_with_the_rows(store: Store) -> None:
    await _commit(store, STORY)
    assert await store.owned([0, 1]) == {
        0: PartitionProgress(0, 10, STORY[-1].id, 0),
        1: PartitionProgress(1, 0, None, 0),
    }


async def test_a_batch_is_written_once(store: Store) -> None:
    made, _ = await _made(store, STORY)
    await store.commit(made)
    with pytest.raises(OwnershipLost):
        await store.commit(made)
    assert (await store.owned([0]))[0].next_offset == len(STORY)


async def test_a_batch_that_leaves_a_hole_is_refused(store: Store) -> None:
    made, _ = await _made(store, STORY[1:], start=1)
    with pytest.raises(OwnershipLost):
        await store.commit(made)


async def test_who_claimed_last_writes_and_who_claimed_first_is_fenced(database: Database) -> None:
    first, second = database.new(), database.new()
    await first.claim(LOG, [0, 1])
    made, _ = await _made(first, STORY)
    await second.claim(LOG, [0])
    with pytest.raises(OwnershipLost):
        await first.commit(made)
    assert set(await first.owned([0, 1])) == {1}
    await _commit(second, STORY)
    assert set(await second.owned([0, 1])) == {0}


async def test_a_lost_race_on_one_partition_writes_nothing_of_the_others(database: Database) -> None:
    first, second = database.new(), database.new()
    await first.claim(LOG, [0, 1])
    await second.claim(LOG, [1])
    made, _ = await _made(first, STORY)
    made.advances.append(made.advances[0]._replace(partition=1))
    with pytest.raises(OwnershipLost):
        await first.commit(made)
    assert (await first.owned([0]))[0].next_offset == 0
    assert await first.conversations([GROUP]) == {}


async def test_a_database_of_another_log_is_refused(database: Database) -> None:
    await database.new().claim(LOG, [0])
    for other in (LogIdentity("f" * 16, 2), LogIdentity(builders.EPOCH, 3)):
        with pytest.raises(WrongLog, match=r"another log|was projected from"):
            await database.new().claim(other, [0])


async def test_what_is_published_never_moves_back(store: Store) -> None:
    made, _ = await _made(store, STORY)
    made.advances = [made.advances[0]._replace(published=7)]
    await store.commit(made)
    standing = made.advances[0]._replace(expected=10, published=3)
    await store.commit(WriteSet(advances=[standing]))
    assert (await store.owned([0]))[0].published == 7


def _unwritable_reason(made: WriteSet) -> None:
    made.journal[0] = made.journal[0]._replace(reason="\0")


def _unwritable_text(made: WriteSet) -> None:
    made.messages[0] = made.messages[0]._replace(text="\0")


@pytest.mark.parametrize("spoil", [_unwritable_reason, _unwritable_text])
async def test_a_row_that_cannot_be_written_leaves_nothing(
    database_url: str, spoil: Callable[[WriteSet], None]
) -> None:
    """PostgreSQL alone: a dict takes anything."""
    migrate(database_url)
    store = PostgresStore(database_url)
    await store.claim(LOG, [0])
    made, _ = await _made(store, STORY)
    spoil(made)
    with pytest.raises(psycopg.DataError):
        await store.commit(made)
    assert (await store.owned([0]))[0].next_offset == 0
    assert await store.conversations([GROUP]) == {}
    await store.close()


async def test_both_stores_keep_the_same_journal(database_url: str) -> None:
    """Also of conversations whose order by id is not that of the log, in two partitions."""
    migrate(database_url)
    tables, real = Tables(), PostgresStore(database_url)
    other = sorted((ids.group_conversation_id("ann", str(n)) for n in range(9)), reverse=True)
    story = [*STORY, *(builders.started(each, ["ann"]) for each in other)]
    story += [builders.sent(each, "ann", client_id="1") for each in other]
    await real.claim(LOG, [0, 1])
    twin = InMemoryStore(tables)
    await twin.claim(LOG, [0, 1])
    begun = [
        ConsumedEvent(record, builders.opened(2)) for record in builders.records(1, [builders.opened(2)])
    ]
    for store in (twin, real):
        await commit(store, StateCache(store), [*_arrivals(story, 0), *begun], {0: 0, 1: 0})
    await real.close()
    spelt = """select partition, "offset", outcome, kind, conversation_id::text, actor,
        to_char("time" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), seq, subject, client_id, reason,
        of_offset, audience from journal order by 1, 2"""
    with psycopg.connect(database_url) as connection:
        kept = connection.execute(spelt).fetchall()
    assert kept == [tuple(row) for _, row in sorted(tables.journal.items())]
