"""What was accepted is there, once; and nothing else is."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from shared.contract.position import Position
from tests.faults.ledger import Frame, Operation, Status
from tests.faults.verdicts import Case


def accepted_is_kept(case: Case) -> Iterator[str]:
    """Accepted ⊆ visible ∪ rejected-and-told."""
    visible, told = _visible(case), _rejections_told(case)
    listed = {(user, name) for user, own in case.holds.lists.items() for name in own}
    at = {(record.partition, record.offset): record.event for record in case.holds.log}
    for operation in case.did.operations:
        for answer in operation.accepted:
            what = f"{operation.kind} of {operation.user} {operation.text or operation.up_to} ({answer.id})"
            if answer.position is not None:
                position = Position.parse(answer.position)
                if not _is_of(operation, at.get((position.partition, position.offset))):
                    yield f"{what}: accepted, but not in the log at {answer.position}"
            known = answer.id in visible or answer.id in told.get(operation.user, ())
            if operation.kind == "send" and not known:
                yield f"{what}: accepted, but neither visible nor rejected and told"
            if operation.kind == "start" and (operation.user, operation.conversation) not in listed:
                yield f"{what}: started, but not listed"


def nothing_is_invented(case: Case) -> Iterator[str]:
    """Whatever is shown or logged, somebody did, and was not refused."""
    meant = {_meaning(op) for op in case.did.operations if op.status is not Status.FAILED}
    for record in case.holds.log:
        event = record.event
        if event and "actor" in event and event["id"] not in case.did.produced and _said(event) not in meant:
            yield f"{event['type']} of {event['actor']} at {record.partition}-{record.offset}: nobody did it"
    texts = {(user, conversation, text) for _, user, conversation, text in meant}
    for frame in _messages(case):
        if (frame["senderId"], frame["conversationId"], frame["text"]) not in texts:
            yield f"message {frame['id']} of {frame['senderId']}: shown, but nobody sent it"


def nobody_is_refused_what_is_theirs(case: Case) -> Iterator[str]:
    """Whoever is in a direct conversation may write and read there at any time, whatever is broken."""
    for operation in case.did.operations:
        found = case.truth.conversations.get(operation.conversation)
        if found is None or found.kind != "direct" or operation.user not in found.members:
            continue
        for answer in operation.answers:
            if answer.status is Status.FAILED:
                yield f"{operation.kind} of {operation.user}, a member: told {answer.code} by {answer.via}"


def each_client_id_is_one_message(case: Case) -> Iterator[str]:
    """Every repetition is answered with the first message, and history has it once."""
    for operation in case.did.sends():
        ids = {answer.id for answer in operation.accepted}
        if len(ids) > 1 and operation.client_id is not None:
            yield f"{operation.user}'s {operation.client_id}: answered with {len(ids)} ids"
    for (user, conversation), items in case.holds.histories.items():
        for field in ("id", "text"):  # no two operations have the same text
            for value, times in Counter(item[field] for item in items).items():
                if times > 1:
                    yield f"{user} sees {field} {value} {times} times in {conversation}"


def _visible(case: Case) -> set[str]:
    shown = chain(
        chain.from_iterable(case.holds.histories.values()), chain.from_iterable(case.holds.syncs.values())
    )
    return {frame["id"] for frame in shown if frame.get("type", "message") == "message"}


def _rejections_told(case: Case) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for connection in case.did.connections:
        told.setdefault(connection.user, set()).update(frame["id"] for frame in connection.of("rejected"))
    for user, entries in case.holds.syncs.items():
        told.setdefault(user, set()).update(entry["id"] for entry in entries if entry["type"] == "rejected")
    return told


def _messages(case: Case) -> Iterator[Frame]:
    """Wherever one is shown; each once, as it is shown first."""
    seen: set[tuple[str, str]] = set()
    for frame in chain(
        chain.from_iterable(connection.of("message") for connection in case.did.connections),
        (entry for entries in case.holds.syncs.values() for entry in entries if entry["type"] == "message"),
        chain.from_iterable(case.holds.histories.values()),
    ):
        if (frame["id"], frame["text"]) not in seen:
            seen.add((frame["id"], frame["text"]))
            yield frame


_Meaning = tuple[str, str, str, str]


def _meaning(operation: Operation) -> _Meaning:
    what = {"send": operation.text, "read": str(operation.up_to), "start": ""}[operation.kind]
    return operation.kind, operation.user, operation.conversation, what


def _said(event: Frame) -> _Meaning | None:
    """What an event means; None for what no client can do."""
    data = event["data"]
    match event["type"]:
        case "chat.event.message-sent.v1":
            return "send", event["actor"], data["conversationId"], data["content"]["text"]
        case "chat.event.read-moved.v1":
            return "read", event["actor"], data["conversationId"], str(data["upTo"])
        case "chat.event.conversation-started.v1":
            return "start", event["actor"], data["conversationId"], ""
    return None


def _is_of(operation: Operation, event: Frame | None) -> bool:
    return event is not None and "actor" in event and _said(event) == _meaning(operation)
