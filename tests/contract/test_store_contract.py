"""The contract of the projector's store, tested over PostgreSQL and over its twin in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from message_store.domain.events.message_sent import MessageSent
from message_store.domain.fold import FoldResult
from message_store.domain.outcomes import Duplicate, Rejected
from message_store.domain.state import ExistingMessages, MessageFacts, MessageKey
from message_store.projector.batch import FoldedBatch, fold_batch
from message_store.projector.event_reader import ConsumedRecord
from message_store.projector.state_cache import StateCache
from message_store.read_models.entry_encoder import encode_entry
from message_store.read_models.write_set import WriteSet
from message_store.storage.migrate import migrate
from message_store.storage.port import OwnershipLost, PartitionProgress, Store, WrongLog
from message_store.storage.postgres import PostgresStore
from message_store.testing.in_memory_storage import InMemoryStore, Tables
from shared.contract import codec, ids
from shared.contract.events import Event
from shared.log.log_epoch import LogIdentity
from tests.fixtures import builders
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
    builders.revoked("Zoë"),
    builders.revoked("Zoë", at="2026-01-01T00:00:00.000Z"),
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
    store = database.new()
    await store.claim(LOG, [0, 1])
    return store


def _consumed(story: Sequence[Event], start: int) -> list[ConsumedRecord]:
    records = builders.records(0, story, start)
    return [ConsumedRecord(record, event) for record, event in zip(records, story, strict=True)]


async def _fold(
    store: Store, story: Sequence[Event], start: int = 0, existing: ExistingMessages | None = None
) -> FoldedBatch:
    """Fold a batch without writing it."""
    consumed = _consumed(story, start)
    before = await StateCache(store).load(consumed)
    return fold_batch(consumed, before.with_messages(existing or {}), {0: 0, 1: 0})


async def _commit(store: Store, story: Sequence[Event], start: int = 0) -> FoldedBatch:
    return await commit(store, StateCache(store), _consumed(story, start), {0: 0})


def _entries(results: Sequence[FoldResult]) -> list[Any]:
    encoded = (encode_entry(result, builders.EPOCH, "test") for result in results if result.is_published)
    return [codec.decode_entry(entry) for entry in encoded]


async def test_a_state_comes_back_as_it_was_folded(store: Store) -> None:
    folded = (await _commit(store, STORY)).after.conversations[GROUP]
    assert folded is not None
    loaded = (await store.conversations([GROUP, ids.fresh_id()]))[GROUP]
    assert list(loaded.members.items()) == list(folded.members.items())
    assert (loaded.title, loaded.version, loaded.last_seq) == ("Fish & chips", 9, 2)
    assert (loaded.created_at, loaded.updated_at) == (folded.created_at, folded.updated_at)
    assert loaded == folded


@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_the_journal_gives_back_every_entry_however_it_was_batched(store: Store, size: int) -> None:
    entries = []
    for start in range(0, len(STORY), size):
        entries += _entries((await _commit(store, STORY[start : start + size], start)).results)
    assert _entries(await store.unpublished(0, 0, 100)) == entries
    later = [entry for entry in entries if int(entry.id.split("-")[2]) >= 4]
    assert _entries(await store.unpublished(0, 4, 2)) == later[:2]


async def test_a_batch_that_counts_an_existing_message_as_new_is_not_written(store: Store) -> None:
    await _commit(store, STORY)
    again = [builders.sent(GROUP, "ann", "new"), builders.sent(GROUP, "ann", "again", client_id="1")]
    folded = await _fold(store, again, start=len(STORY))
    existing = {MessageKey(GROUP, ids.message_id(GROUP, "ann", "1")): MessageFacts(2)}
    assert await store.commit(folded.write_set) == existing
    assert (await store.owned([0]))[0].next_offset == len(STORY)
    assert (await store.conversations([GROUP]))[GROUP].last_seq == 2
    folded = await _fold(store, again, len(STORY), existing)
    assert await store.commit(folded.write_set) == {}
    assert [type(result.outcome) for result in folded.results] == [MessageSent, Duplicate]


async def test_a_batch_that_rejects_an_existing_message_is_not_written(store: Store) -> None:
    """A former member repeats a message that it sent as a member: it is a duplicate, not a failure."""
    sent_and_left = [builders.sent(GROUP, "bob", client_id="7"), builders.removed(GROUP, "ann", "bob")]
    await _commit(store, [*STORY, *sent_and_left])
    again = [builders.sent(GROUP, "bob", client_id="7"), builders.sent(GROUP, "bob", client_id="8")]
    folded = await _fold(store, again, len(STORY) + 2)
    assert [type(result.outcome) for result in folded.results] == [Rejected, Rejected]
    key = MessageKey(GROUP, ids.message_id(GROUP, "bob", "7"))
    assert await store.commit(folded.write_set) == {key: MessageFacts(len(STORY))}


async def test_a_fenced_store_gets_no_existing_messages(database: Database) -> None:
    first, second = database.new(), database.new()
    await first.claim(LOG, [0, 1])
    write_set = (await _fold(first, STORY)).write_set
    await first.commit(write_set)
    await second.claim(LOG, [0, 1])
    with pytest.raises(OwnershipLost):
        await first.commit(write_set)


async def test_progress_moves_with_the_rows(store: Store) -> None:
    await _commit(store, STORY)
    assert await store.owned([0, 1]) == {
        0: PartitionProgress(0, len(STORY), STORY[-1].id, 0),
        1: PartitionProgress(1, 0, None, 0),
    }


async def test_a_batch_is_written_once(store: Store) -> None:
    write_set = (await _fold(store, STORY)).write_set
    await store.commit(write_set)
    with pytest.raises(OwnershipLost):
        await store.commit(write_set)
    assert (await store.owned([0]))[0].next_offset == len(STORY)


async def test_a_batch_that_leaves_a_hole_is_refused(store: Store) -> None:
    write_set = (await _fold(store, STORY[1:], start=1)).write_set
    with pytest.raises(OwnershipLost):
        await store.commit(write_set)


async def test_the_last_claim_wins_and_the_first_is_fenced(database: Database) -> None:
    first, second = database.new(), database.new()
    await first.claim(LOG, [0, 1])
    write_set = (await _fold(first, STORY)).write_set
    await second.claim(LOG, [0])
    with pytest.raises(OwnershipLost):
        await first.commit(write_set)
    assert set(await first.owned([0, 1])) == {1}
    await _commit(second, STORY)
    assert set(await second.owned([0, 1])) == {0}


async def test_a_batch_fenced_on_one_partition_writes_nothing_of_the_others(database: Database) -> None:
    first, second = database.new(), database.new()
    await first.claim(LOG, [0, 1])
    await second.claim(LOG, [1])
    write_set = (await _fold(first, STORY)).write_set
    write_set.progress[1] = write_set.progress[0]._replace(partition=1)
    with pytest.raises(OwnershipLost):
        await first.commit(write_set)
    assert (await first.owned([0]))[0].next_offset == 0
    assert await first.conversations([GROUP]) == {}


async def test_a_database_of_another_log_is_refused(database: Database) -> None:
    await database.new().claim(LOG, [0])
    for other in (LogIdentity("f" * 16, 2), LogIdentity(builders.EPOCH, 3)):
        with pytest.raises(WrongLog, match=r"another log|was projected from"):
            await database.new().claim(other, [0])


async def test_what_is_published_never_moves_back(store: Store) -> None:
    write_set = (await _fold(store, STORY)).write_set
    write_set.progress[0] = write_set.progress[0]._replace(published=7)
    await store.commit(write_set)
    await store.commit(
        WriteSet(progress={0: write_set.progress[0]._replace(expected=len(STORY), published=3)})
    )
    assert (await store.owned([0]))[0].published == 7


def _unwritable_reason(write_set: WriteSet) -> None:
    write_set.journal[0, 0] = write_set.journal[0, 0]._replace(reason="\0")


def _unwritable_text(write_set: WriteSet) -> None:
    write_set.messages[GROUP, 1] = write_set.messages[GROUP, 1]._replace(text="\0")


@pytest.mark.parametrize("spoil", [_unwritable_reason, _unwritable_text])
async def test_a_row_that_cannot_be_written_leaves_nothing(
    database_url: str, spoil: Callable[[WriteSet], None]
) -> None:
    """PostgreSQL alone: a dict takes anything."""
    migrate(database_url)
    store = PostgresStore(database_url)
    await store.claim(LOG, [0])
    write_set = (await _fold(store, STORY)).write_set
    spoil(write_set)
    with pytest.raises(psycopg.DataError):
        await store.commit(write_set)
    assert (await store.owned([0]))[0].next_offset == 0
    assert await store.conversations([GROUP]) == {}
    await store.close()


async def test_both_stores_keep_the_same_journal(database_url: str) -> None:
    """In two partitions, with conversations whose order by id is not that of the log."""
    migrate(database_url)
    tables, real = Tables(), PostgresStore(database_url)
    other = sorted((ids.group_conversation_id("ann", str(n)) for n in range(9)), reverse=True)
    story = [*STORY, *(builders.started(conversation, ["ann"]) for conversation in other)]
    story += [builders.sent(conversation, "ann", client_id="1") for conversation in other]
    await real.claim(LOG, [0, 1])
    twin = InMemoryStore(tables)
    await twin.claim(LOG, [0, 1])
    begun = [
        ConsumedRecord(record, builders.opened(2)) for record in builders.records(1, [builders.opened(2)])
    ]
    for store in (twin, real):
        await commit(store, StateCache(store), [*_consumed(story, 0), *begun], {0: 0, 1: 0})
    await real.close()
    columns = """select partition, "offset", outcome, kind, conversation_id::text, actor,
        to_char("time" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), seq, subject, client_id, reason,
        of_offset, audience from journal order by 1, 2"""
    with psycopg.connect(database_url) as connection:
        kept = connection.execute(columns).fetchall()
        revocations = connection.execute(
            """select partition, "offset", user_id,
            to_char(revoked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            from user_revocations order by 1, 2"""
        ).fetchall()
    assert kept == [tuple(row) for _, row in sorted(tables.journal.items())]
    assert revocations == [tuple(row) for _, row in sorted(tables.user_revocations.items())]
