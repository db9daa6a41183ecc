"""What was accepted is there, once, and nothing else is."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from shared.contract.position import Position
from tests.chaos.checker.history import Frame, Operation, Status
from tests.chaos.checker.invariants import Evidence


def accepted_is_kept(evidence: Evidence) -> Iterator[str]:
    """Accepted ⊆ visible ∪ delivered rejections."""
    final = evidence.final
    visible = {
        frame["id"]
        for _, _, frame in chain(evidence.in_histories(), evidence.in_syncs())
        if frame["type"] == "message"
    }
    rejections = {
        (user, frame["id"])
        for user, _, frame in chain(evidence.on_connections(), evidence.in_syncs())
        if frame["type"] == "rejected"
    }
    log = {(record.partition, record.offset): record.event for record in final.log}
    for operation in evidence.history.operations:
        for attempt in operation.accepted:
            what = f"{operation.kind} of {operation.user} {operation.text or operation.up_to} ({attempt.id})"
            if attempt.position is not None:
                position = Position.parse(attempt.position)
                event = log.get((position.partition, position.offset))
                if event is None or _meaning_of_event(event) != _meaning_of(operation):
                    yield f"{what}: accepted, but not in the log at {attempt.position}"
            is_known = attempt.id in visible or (operation.user, attempt.id) in rejections
            if operation.kind == "send" and not is_known:
                yield f"{what}: accepted, but neither visible nor rejected"
            if operation.kind == "start" and operation.conversation not in final.lists.get(
                operation.user, {}
            ):
                yield f"{what}: started, but not listed"


def nothing_is_invented(evidence: Evidence) -> Iterator[str]:
    """Everything shown or logged comes from an operation that was not refused."""
    history = evidence.history
    possible = {_meaning_of(op) for op in history.operations if op.status is not Status.FAILED}
    for partition, offset, event in evidence.final.log:
        if event is None or "actor" not in event or event["id"] in history.produced_events:
            continue
        if _meaning_of_event(event) not in possible:
            yield f"{event['type']} of {event['actor']} at {partition}-{offset}: no client did it"
    texts = {(user, conversation, text) for _, user, conversation, text in possible}
    shown = chain(evidence.on_connections(), evidence.in_syncs(), evidence.in_histories())
    messages = {
        (frame["id"], frame["senderId"], frame["conversationId"], frame["text"])
        for _, _, frame in shown
        if frame["type"] == "message"
    }
    for message_id, *message in sorted(messages):
        if tuple(message) not in texts:
            yield f"message {message_id} of {message[0]}: shown, but never sent"


def no_member_is_refused(evidence: Evidence) -> Iterator[str]:
    """Members of a direct conversation may write and read at any time, whatever fails."""
    for operation in evidence.history.operations:
        state = evidence.model.conversations.get(operation.conversation)
        if state is None or state.kind != "direct" or operation.user not in state.members:
            continue
        for attempt in operation.attempts:
            if attempt.status is Status.FAILED:
                yield f"{operation.kind} of {operation.user}, a member: {attempt.code} from {attempt.gateway}"


def each_client_id_is_one_message(evidence: Evidence) -> Iterator[str]:
    """Every repeated send is answered with the first message, and history has it once."""
    for operation in evidence.history.sends():
        ids = {attempt.id for attempt in operation.accepted}
        if len(ids) > 1 and operation.client_id is not None:
            yield f"{operation.user}'s {operation.client_id}: answered with {len(ids)} ids"
    for (user, conversation), items in evidence.final.histories.items():
        for field in ("id", "text"):  # no two operations have the same text
            for value, times in Counter(item[field] for item in items).items():
                if times > 1:
                    yield f"{user} sees {field} {value} {times} times in {conversation}"


_Meaning = tuple[str, str, str, str]


def _meaning_of(operation: Operation) -> _Meaning:
    detail = {"send": operation.text, "read": str(operation.up_to), "start": ""}[operation.kind]
    return operation.kind, operation.user, operation.conversation, detail


def _meaning_of_event(event: Frame) -> _Meaning | None:
    """None for an event that no client can cause."""
    data = event["data"]
    match event["type"]:
        case "chat.event.message-sent.v1":
            return "send", event["actor"], data["conversationId"], data["content"]["text"]
        case "chat.event.read-moved.v1":
            return "read", event["actor"], data["conversationId"], str(data["upTo"])
        case "chat.event.conversation-started.v1":
            return "start", event["actor"], data["conversationId"], ""
    return None
