"""A small valid history with its final state, for tests to corrupt.

1  ann starts with bob     2  ann: one     3  bob reads it     4  ann: one, repeated     5  bob: two
6  cat's group with dan    7  dan leaves   8  dan: late (rejected)     9  a poison record
"""

from typing import Any, NamedTuple

import orjson

from shared.contract import codec, cursor, ids
from shared.contract.events import Event
from tests.chaos.checker.final_state import FinalState, ProbeResult, Projection, TopicRecord
from tests.chaos.checker.history import Attempt, Connection, Frame, History, Operation, Refetch, Status
from tests.chaos.checker.reference_model import Entry, LogRecord, ReferenceModel
from tests.fixtures import builders

DIRECT = ids.direct_conversation_id("ann", "bob")
GROUP = ids.group_conversation_id("cat", "g")
POISON = 9
END = 10


class Example(NamedTuple):
    history: History
    final_state: FinalState


def example() -> Example:
    events: list[Frame] = [orjson.loads(codec.encode(event)) for event in _events()]
    log = [LogRecord(0, offset, event) for offset, event in enumerate(events)]
    entries = {entry.offset: entry for entry in ReferenceModel(log).entries}
    frames = {offset: _frame(entry) for offset, entry in entries.items()}
    return Example(_history(events, frames), _final_state(log, entries, frames))


def cursor_at(user: str, offset: int) -> str:
    return cursor.encode(builders.EPOCH, user, [offset])


def cursor_frame(user: str, offset: int) -> Frame:
    return {"type": "cursor", "cursor": cursor_at(user, offset)}


def connection(user: str, resumed_at: int, *frames: Frame) -> Connection:
    start = cursor_at(user, resumed_at)
    hello = {"type": "hello", "userId": user, "cursor": start}
    return Connection(user, f"{user}-1", "gateway", start, [hello, *frames])


def _events() -> list[Event]:
    return [
        builders.opened(),
        builders.started(DIRECT, ["ann", "bob"], kind="direct"),
        builders.sent(DIRECT, "ann", "one", "1"),
        builders.read(DIRECT, "bob", 1),
        builders.sent(DIRECT, "ann", "one", "1"),
        builders.sent(DIRECT, "bob", "two", "2"),
        builders.started(GROUP, ["cat", "dan"]),
        builders.removed(GROUP, "cat", "dan"),
        builders.sent(GROUP, "dan", "late", "9"),
    ]


def _history(events: list[Frame], frames: dict[int, Frame]) -> History:
    def operation(kind: Any, user: str, *offsets: int, conversation: str = DIRECT, **more: Any) -> Operation:
        id_ = conversation if kind == "start" else events[offsets[0]]["data"].get("messageId")
        positions = [f"{builders.EPOCH}-0-{offset}" for offset in offsets]
        attempts = [Attempt("gateway", Status.OK, id_, position) for position in positions]
        return Operation(kind, user, conversation, attempts=attempts, **more)

    return History(
        users=["ann", "bob", "cat", "dan"],
        start_cursors={user: cursor_at(user, 1) for user in ("ann", "bob", "cat", "dan")},
        operations=[
            operation("start", "ann", 1),
            operation("send", "ann", 2, 4, client_id="1", text="one"),
            operation("read", "bob", 3, up_to=1),
            operation("send", "bob", 5, client_id="2", text="two"),
            operation("send", "dan", 8, conversation=GROUP, client_id="9", text="late"),
        ],
        connections=[
            connection("ann", 1, frames[1], frames[2], frames[3], cursor_frame("ann", 4), frames[5]),
            connection("ann", 4, frames[5], cursor_frame("ann", END)),
            connection("bob", 1, *(frames[n] for n in (1, 2, 3, 5)), cursor_frame("bob", END)),
            connection("dan", 1, frames[6], frames[7], frames[8], cursor_frame("dan", END)),
        ],
        refetches=[Refetch("bob", DIRECT, 1, found=True)],
        produced_events={events[6]["id"]: GROUP, events[7]["id"]: GROUP},
    )


def _final_state(log: list[LogRecord], entries: dict[int, Entry], frames: dict[int, Frame]) -> FinalState:
    messages = [{name: value for name, value in frames[n].items() if name != "type"} for n in (2, 5)]
    in_topic = [entries[offset] for offset in (1, 2, 3, 2, 3, 5, 6, 7, 8)]
    direct, group = {"unreadCount": 0, "lastSeq": 2}, {"unreadCount": 0, "lastSeq": 0}
    return FinalState(
        log=log,
        topic={0: [TopicRecord(n, _topic_entry(entry)) for n, entry in enumerate(in_topic)]},
        histories={("ann", DIRECT): list(messages), ("bob", DIRECT): list(messages), ("cat", GROUP): []},
        lists={
            "ann": {DIRECT: direct | {"unreadCount": 1}},
            "bob": {DIRECT: direct},
            "cat": {GROUP: group},
            "dan": {},
        },
        syncs={
            "ann": [frames[n] for n in (1, 2, 3, 5)],
            "bob": [frames[n] for n in (1, 2, 3, 5)],
            "cat": [frames[n] for n in (6, 7)],
            "dan": [frames[n] for n in (6, 7, 8)],
        },
        unread={("ann", DIRECT): 1, ("bob", DIRECT): 0, ("cat", GROUP): 0},
        offsets={0: range(1, END)},
        probe_results=[
            ProbeResult("dan", DIRECT, "history", 404),
            ProbeResult("dan", DIRECT, "sync", 410, 410),
        ],
        projection=_projection(),
        replayed=_projection(),
    )


def _projection() -> Projection:
    outcomes = "skipped entry entry entry duplicate entry entry entry rejected skipped".split()  # noqa: SIM905
    return Projection({"messages": "a hash"}, {(0, n): [outcome] for n, outcome in enumerate(outcomes)})


def _frame(entry: Entry) -> Frame:
    version = {} if entry.type == "rejected" else {"version": entry.offset}
    return {"type": entry.type, "conversationId": entry.conversation} | version | entry.fields


def _topic_entry(entry: Entry) -> Frame:
    data = _frame(entry) | {"audience": sorted(entry.audience)}
    return {"id": f"{builders.EPOCH}-{entry.partition}-{entry.offset}", "data": data}
