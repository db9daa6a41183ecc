"""What each socket was told, against what it had to be told."""

from collections import Counter
from collections.abc import Iterator, Sequence

from shared.contract import cursor
from tests.faults.ledger import Connection, Frame
from tests.faults.recount import Happened, Key, Recount, key_of
from tests.faults.verdicts import Case


def a_socket_gets_each_once_and_in_order(case: Case) -> Iterator[str]:
    """On one socket each entry comes once, a conversation's messages in seq order."""
    for connection in case.did.connections:
        yield from _doubled(connection, case.truth)
        last: dict[str, int] = {}
        for frame in connection.of("message"):
            before = last.get(frame["conversationId"], 0)
            if frame["seq"] <= before:
                yield f"{connection.device} got {frame['conversationId']} {frame['seq']} after {before}"
            last[frame["conversationId"]] = frame["seq"]


def _doubled(connection: Connection, truth: Recount) -> Iterator[str]:
    shown = Counter(key_of(frame) for frame in connection.frames if "conversationId" in frame)
    for key, times in shown.items():
        if times > max(1, len(truth.known.get(key, ()))):
            yield f"{connection.device} got {key} {times} times"


def reconnecting_misses_nothing(case: Case) -> Iterator[str]:
    """Below each cursor that is said, nothing is left out; sync has everything since the first cursor."""
    for connection in case.did.connections:
        for frame in connection.of("reset"):
            yield f"{connection.device} came with a good cursor and was told to begin anew: {frame['reason']}"
        for frame in connection.of("hello"):
            if connection.came_with and frame["cursor"] != connection.came_with:
                yield f"{connection.device} came with a cursor and was begun elsewhere"
        yield from _left_out(connection, case.truth)
    for user, entries in case.holds.syncs.items():
        since = cursor.decode(case.did.first[user]).offsets
        due = [each.key for each in case.truth.of(user, since)]
        found = [key_of(entry) for entry in entries]
        if found != due:
            missing = [key for key in due if key not in set(found)]
            yield f"sync of {user} has {len(found)} entries of {len(due)}, in order: without {missing[:3]}"


def a_cursor_is_exact(case: Case) -> Iterator[str]:
    """What was sent before a cursor is below it: so it is not sent again after it."""
    for connection in case.did.connections:
        start: Sequence[int] = ()
        before: list[Happened] = []
        for number, frame in enumerate(connection.frames):
            if "conversationId" in frame and (happened := case.truth.known.get(key_of(frame))):
                due = [each for each in happened if not start or each.offset >= start[each.partition]]
                if not due:
                    yield f"{connection.device} got {key_of(frame)} again after a cursor that covers it"
                before += due[:1]
            elif said := _said(frame):
                beyond = [each for each in before if each.offset >= said[each.partition]]
                for each in beyond[:3]:
                    kinds = ", ".join(shown["type"] for shown in connection.frames[:number][-5:])
                    yield (
                        f"{connection.device} via {connection.via} got {each.key}, which happened at "
                        f"{each.partition}-{each.offset}, before a cursor that does not cover it but ends at "
                        f"{said[each.partition]}: frame {number}, {frame['type']}, after {kinds}"
                    )
                start = said
                before = []


def nobody_sees_what_is_not_theirs(case: Case) -> Iterator[str]:
    shown = [(connection.user, frame) for connection in case.did.connections for frame in connection.frames]
    shown += [(user, entry) for user, entries in case.holds.syncs.items() for entry in entries]
    for user, frame in shown:
        if "conversationId" in frame:
            happened = case.truth.known.get(key_of(frame), [])
            if not any(user in each.audience for each in happened):
                yield f"{user} was shown {key_of(frame)}"
    for user, own in case.holds.lists.items():
        for name in own:
            if user not in case.truth.members(name):
                yield f"{user} has {name} in the list"
    for each in case.holds.trespasses:
        if each.status != each.right:
            yield f"{each.asked} of {each.user}, a stranger to {each.conversation}: answered {each.status}"


def _left_out(connection: Connection, truth: Recount) -> Iterator[str]:
    since: Sequence[int] = ()
    seen: set[Key] = set()
    for frame in connection.frames:
        if "conversationId" in frame:
            seen.add(key_of(frame))
        elif said := _said(frame):
            due = truth.of(connection.user, since or said, said)
            missing = [each.key for each in due if each.key not in seen]
            if missing:
                yield f"{connection.device} was not sent {missing[:3]} ({len(missing)}); a cursor covers it"
            since = said


def _said(frame: Frame) -> Sequence[int]:
    """The offsets of the cursor that the frame says, if it says one."""
    text = frame.get("cursor")
    return cursor.decode(text).offsets if text else ()
