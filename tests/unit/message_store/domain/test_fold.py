"""The fold, over any story."""

import random
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from message_store.domain.events.conversation_started import ConversationStarted
from message_store.domain.events.member_added import MemberAdded
from message_store.domain.events.member_removed import MemberRemoved
from message_store.domain.events.message_sent import MessageSent
from message_store.domain.events.read_moved import ReadMoved
from message_store.domain.outcomes import Duplicate, Rejected, Skipped
from message_store.read_models.entry_encoder import encode_entry
from message_store.testing.in_memory_storage import InMemoryStore
from shared.contract import ids
from shared.contract.events import Event
from shared.contract.fields import MAX_MEMBERS
from tests.fixtures import builders
from tests.unit.message_store.reference_model import CONVERSATIONS, Projection, stories

GROUP = CONVERSATIONS[0]
any_story = given(stories, st.randoms(use_true_random=False))


@any_story
@settings(max_examples=150, deadline=None)
async def test_any_split_into_batches_gives_the_same_rows(story: list[Event], cuts: random.Random) -> None:
    whole = await Projection().apply(story)
    split = await Projection().apply(story, cuts)
    assert split.rows() == whole.rows()
    assert [f.outcome for f in split.folded] == [f.outcome for f in whole.folded]
    assert [f.audience for f in split.folded] == [f.audience for f in whole.folded]


@any_story
@settings(max_examples=100, deadline=None)
async def test_conversations_do_not_touch_one_another(story: list[Event], shuffle: random.Random) -> None:
    """Any interleaving of the conversations, each in its own order, gives each the same messages."""
    queues = defaultdict(list)
    for event in story:
        queues[event.subject].append(event)
    mixed = []
    while queues:
        subject = shuffle.choice(sorted(queues))
        mixed.append(queues[subject].pop(0))
        if not queues[subject]:
            del queues[subject]
    one, other = await Projection().apply(story), await Projection().apply(mixed)
    assert [m[:8] for m in sorted(one.tables.messages.values())] == [
        m[:8] for m in sorted(other.tables.messages.values())
    ]


@any_story
@settings(max_examples=100, deadline=None)
async def test_seqs_are_dense_and_ids_unique(story: list[Event], cuts: random.Random) -> None:
    projection = await Projection().apply(story, cuts)
    for identity, row in projection.tables.conversations.items():
        own = [m for m in projection.tables.messages.values() if m.conversation_id == identity]
        assert sorted(m.seq for m in own) == list(range(1, row.last_seq + 1))
        assert len({m.id for m in own}) == len(own)
        assert row.updated_at == max([row.created_at, *(m.created_at for m in own)])


@any_story
@settings(max_examples=100, deadline=None)
async def test_a_repeated_story_doubles_no_message(story: list[Event], cuts: random.Random) -> None:
    once = await Projection().apply(story)
    repeated = [event.model_copy(update={"id": ids.fresh_id()}) for event in story]
    twice = await Projection().apply(story + repeated, cuts)
    first = {m.id for m in once.tables.messages.values()}
    both = [m.id for m in twice.tables.messages.values()]
    assert len(both) == len(set(both))
    assert first <= set(both)


@any_story
@settings(max_examples=100, deadline=None)
async def test_unread_is_what_a_recount_says(story: list[Event], cuts: random.Random) -> None:
    """Replay by hand: who reads, writes or joins has read up to there, and never falls back."""
    projection = await Projection().apply(story, cuts)
    read: dict[tuple[str, str], int] = {}
    last: dict[str, int] = defaultdict(int)
    for folded in projection.folded:
        match folded.outcome:
            case ConversationStarted(conversation_id=conversation, members=members):
                read.update({(conversation, user): 0 for user in members})
            case MessageSent(conversation_id=conversation, sender_id=sender, seq=seq):
                last[conversation] = seq
                read[conversation, sender] = seq
            case MemberAdded(conversation_id=conversation, user_id=user):
                read[conversation, user] = last[conversation]
            case MemberRemoved(conversation_id=conversation, user_id=user):
                del read[conversation, user]
            case ReadMoved(conversation_id=conversation, user_id=user, up_to=up_to):
                assert read[conversation, user] < up_to <= last[conversation]
                read[conversation, user] = up_to
            case Rejected() | Duplicate() | Skipped():
                pass
    present = {key[:2]: i.read_seq for key, i in projection.tables.members.items() if i.to_offset is None}
    assert present == read


@any_story
@settings(max_examples=100, deadline=None)
async def test_the_journal_gives_back_what_was_published(story: list[Event], cuts: random.Random) -> None:
    """The outbox after a crash is the one before it: same record, same audience."""
    projection = await Projection().apply(story, cuts)
    published = [encode_entry(f, builders.EPOCH, "test") for f in projection.folded if f.is_published]
    again = await InMemoryStore(projection.tables).unpublished(0, 0, 1_000)
    assert [encode_entry(f, builders.EPOCH, "test") for f in again] == published


async def test_every_offset_has_exactly_one_outcome() -> None:
    story = [builders.opened(), builders.sent(GROUP, "ann"), builders.started(GROUP, ["ann"])]
    projection = await Projection().apply(story)
    assert [row.outcome for row in projection.tables.journal.values()] == ["skipped", "rejected", "entry"]


async def test_a_retry_is_answered_with_the_first_message_even_after_leaving() -> None:
    story = [
        builders.started(GROUP, ["ann", "bob"]),
        builders.sent(GROUP, "bob", "first", client_id="1"),
        builders.removed(GROUP, "ann", "bob"),
        builders.sent(GROUP, "bob", "another text", client_id="1"),
        builders.sent(GROUP, "bob", "new", client_id="2"),
    ]
    projection = await Projection().apply(story)
    assert projection.folded[3].outcome == Duplicate(1)
    assert projection.folded[4].outcome == Rejected("not_found")
    assert [m.text for m in projection.tables.messages.values()] == ["first"]


async def test_a_rejected_event_does_not_use_up_its_client_id() -> None:
    story = [
        builders.sent(GROUP, "ann", client_id="1"),
        builders.started(GROUP, ["ann"]),
        builders.sent(GROUP, "ann", client_id="1"),
    ]
    projection = await Projection().apply(story)
    assert isinstance(projection.folded[2].outcome, MessageSent)


async def test_a_group_takes_1024_members_and_not_one_more() -> None:
    members = [f"user-{n}" for n in range(MAX_MEMBERS)]
    story = [builders.started(GROUP, members), builders.added(GROUP, members[0], "late")]
    projection = await Projection().apply(story)
    assert projection.folded[1].outcome == Rejected("group_full")
    too_many = await Projection().apply([builders.started(GROUP, [*members, "late"])])
    assert too_many.folded[0].outcome == Rejected("group_full")


async def test_a_direct_conversation_takes_no_further_member() -> None:
    conversation = ids.direct_conversation_id("ann", "bob")
    story = [builders.direct("ann", "bob"), builders.added(conversation, "ann", "cat")]
    projection = await Projection().apply(story)
    assert projection.folded[1].outcome == Rejected("not_a_group")


async def test_reads_in_large_groups_are_for_the_reader_alone() -> None:
    small = [f"user-{n}" for n in range(32)]
    story = [
        builders.started(GROUP, small),
        builders.sent(GROUP, "user-0"),
        builders.read(GROUP, "user-1", 1),
        builders.added(GROUP, "user-0", "user-32"),
        builders.read(GROUP, "user-2", 1),
    ]
    projection = await Projection().apply(story)
    assert projection.folded[2].audience == tuple(small)
    assert projection.folded[4].audience == ("user-2",)
    assert projection.tables.journal[0, 4].audience == ["user-2"]


async def test_a_removed_member_gets_the_removal_and_nothing_after_it() -> None:
    story = [
        builders.started(GROUP, ["ann", "bob"]),
        builders.removed(GROUP, "ann", "bob"),
        builders.sent(GROUP, "ann"),
    ]
    projection = await Projection().apply(story)
    assert projection.folded[1].audience == ("ann", "bob")
    assert projection.folded[2].audience == ("ann",)
