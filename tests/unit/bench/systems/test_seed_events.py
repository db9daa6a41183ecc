from bench.load.plan import Conversation
from bench.systems import seed_events
from shared.contract import codec, events

GROUPS = [Conversation.group(str(number), ["ann", "ben"]) for number in range(3)]


def test_each_written_message_is_an_event_of_its_own() -> None:
    written = list(seed_events.sent(GROUPS, 9))
    decoded = [codec.decode_event(record.value) for record in written]
    assert all(isinstance(event, events.MessageSent) for event in decoded)
    assert len({event.id for event in decoded}) == 9
    assert len({event.data.message_id for event in decoded if isinstance(event, events.MessageSent)}) == 9
    for number, (record, event) in enumerate(zip(written, decoded, strict=True)):
        conversation = GROUPS[number % 3].id
        assert record.key == conversation.encode() == event.subject.encode()
        assert isinstance(event, events.MessageSent)
        assert event.data.conversation_id == conversation


def test_a_group_begins_with_all_its_members() -> None:
    record = seed_events.started(GROUPS[0])
    event = codec.decode_event(record.value)
    assert isinstance(event, events.ConversationStarted)
    assert (event.subject, event.data.kind, event.data.members) == (GROUPS[0].id, "group", ["ann", "ben"])
