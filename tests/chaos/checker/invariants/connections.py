"""What each connection received, against what it should have."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from shared.contract import cursor
from tests.chaos.checker.history import Connection, Frame
from tests.chaos.checker.invariants import Evidence
from tests.chaos.checker.reference_model import Entry, Key, ReferenceModel, key_of


def each_entry_comes_once_and_in_order(evidence: Evidence) -> Iterator[str]:
    """On one connection each entry comes once, and a conversation's messages in seq order."""
    for connection in evidence.history.connections:
        keys = Counter(key_of(frame) for frame in connection.frames if "conversationId" in frame)
        for key, times in keys.items():
            if times > max(1, len(evidence.model.by_key.get(key, ()))):
                yield f"{connection.client} received {key} {times} times"
        last: dict[str, int] = {}
        for frame in connection.of("message"):
            conversation, before = frame["conversationId"], last.get(frame["conversationId"], 0)
            if frame["seq"] <= before:
                yield f"{connection.client} received {conversation} {frame['seq']} after {before}"
            last[conversation] = frame["seq"]


def reconnecting_misses_nothing(evidence: Evidence) -> Iterator[str]:
    """Nothing below a cursor is left out; a sync has everything since the start cursor."""
    for connection in evidence.history.connections:
        for frame in connection.of("reset"):
            yield f"{connection.client} resumed with a valid cursor and got a reset: {frame['reason']}"
        for frame in connection.of("hello"):
            if connection.resumed_from and frame["cursor"] != connection.resumed_from:
                yield f"{connection.client} was not resumed at its cursor"
        yield from _missed(connection, evidence.model)
    for user, entries in evidence.final.syncs.items():
        start = cursor.decode(evidence.history.start_cursors[user]).offsets
        expected = [entry.key for entry in evidence.model.entries_for(user, start)]
        actual = [key_of(entry) for entry in entries]
        if actual != expected:
            missing = [key for key in expected if key not in set(actual)]
            yield f"sync of {user} has {len(actual)} entries of {len(expected)}, without {missing[:3]}"


def cursors_are_exact(evidence: Evidence) -> Iterator[str]:
    """What was sent before a cursor is below it, and so is not sent again after it."""
    for connection in evidence.history.connections:
        start: Sequence[int] = ()
        sent: list[Entry] = []
        for number, frame in enumerate(connection.frames):
            if "conversationId" in frame and (entries := evidence.model.by_key.get(key_of(frame))):
                above = [entry for entry in entries if not start or entry.offset >= start[entry.partition]]
                if not above:
                    yield f"{connection.client} received {key_of(frame)} again after a cursor that covers it"
                sent += above[:1]
            elif offsets := _offsets(frame):
                for entry in [entry for entry in sent if entry.offset >= offsets[entry.partition]][:3]:
                    kinds = ", ".join(frame["type"] for frame in connection.frames[:number][-5:])
                    yield (
                        f"{connection.client} via {connection.gateway} received {entry.key}, of "
                        f"{entry.partition}-{entry.offset}, before a cursor that does not cover it but ends "
                        f"at {offsets[entry.partition]}: frame {number}, {frame['type']}, after {kinds}"
                    )
                start, sent = offsets, []


def no_user_sees_what_is_not_theirs(evidence: Evidence) -> Iterator[str]:
    for user, _, frame in chain(evidence.on_connections(), evidence.in_syncs()):
        entries = evidence.model.by_key.get(key_of(frame), [])
        if not any(user in entry.audience for entry in entries):
            yield f"{user} was shown {key_of(frame)}"
    for user, own in evidence.final.lists.items():
        for conversation in own:
            if user not in evidence.model.members(conversation):
                yield f"{user} has {conversation} in the list"
    for result in evidence.final.probe_results:
        if result.status != result.expected_status:
            yield f"{result.request} of {result.user}, no member of {result.conversation}: {result.status}"


def _missed(connection: Connection, model: ReferenceModel) -> Iterator[str]:
    start: Sequence[int] = ()
    received: set[Key] = set()
    for frame in connection.frames:
        if "conversationId" in frame:
            received.add(key_of(frame))
        elif offsets := _offsets(frame):
            expected = model.entries_for(connection.user, start or offsets, offsets)
            missing = [entry.key for entry in expected if entry.key not in received]
            if missing:
                yield f"{connection.client} was not sent {missing[:3]} ({len(missing)}); a cursor covers it"
            start = offsets


def _offsets(frame: Frame) -> Sequence[int]:
    """Of the frame's cursor, if it has one."""
    text = frame.get("cursor")
    return cursor.decode(text).offsets if text else ()
