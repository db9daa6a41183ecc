"""A small story with its good end, made by hand, for tests to spoil.

1  ann starts with bob     2  ann: one     3  bob has read it     4  ann: one, again     5  bob: two
6  cat's group with dan    7  dan leaves   8  dan: late (rejected)     9  poison, which nobody may fold
"""

from typing import Any

import orjson

from shared.contract import codec, cursor, ids
from shared.contract.events import Event
from tests import builders
from tests.faults.ledger import Answer, Connection, Frame, Ledger, Operation, Refetch, Status
from tests.faults.observed import Observed, Told, Trespass
from tests.faults.recount import Logged

DIRECT = ids.direct_conversation_id("ann", "bob")
GROUP = ids.group_conversation_id("cat", "g")
POISON = 9
END = 10
MEMBERS = {"kind": "direct", "title": None, "members": ["ann", "bob"], "memberCount": 2}


def story() -> list[Event]:
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


def at(user: str, offset: int) -> str:
    """A cursor."""
    return cursor.encode(builders.EPOCH, user, [offset])


def good() -> tuple[Ledger, Observed]:
    events = [orjson.loads(codec.encode(event)) for event in story()]
    frames = {offset: _frame(offset, events[offset]) for offset in (1, 2, 3, 5, 6, 7, 8)}
    return _ledger(events, frames), _observed(events, frames)


def _ledger(events: list[Frame], frames: dict[int, Frame]) -> Ledger:
    def done(kind: Any, user: str, offsets: list[int], where: str = DIRECT, **more: Any) -> Operation:
        identity = where if kind == "start" else events[offsets[0]]["data"].get("messageId")
        answers = [
            Answer("gateway", Status.OK, identity, f"{builders.EPOCH}-0-{offset}") for offset in offsets
        ]
        return Operation(kind, user, where, answers=answers, **more)

    return Ledger(
        users=["ann", "bob", "cat", "dan"],
        first={user: at(user, 1) for user in ("ann", "bob", "cat", "dan")},
        operations=[
            done("start", "ann", [1]),
            done("send", "ann", [2, 4], client_id="1", text="one"),
            done("read", "bob", [3], up_to=1),
            done("send", "bob", [5], client_id="2", text="two"),
            done("send", "dan", [8], GROUP, client_id="9", text="late"),
        ],
        connections=[
            connection("ann", 1, frames[1], frames[2], frames[3], _cursor("ann", 4), frames[5]),
            connection("ann", 4, frames[5], _cursor("ann", END)),
            connection("bob", 1, *(frames[offset] for offset in (1, 2, 3, 5)), _cursor("bob", END)),
            connection("dan", 1, frames[6], frames[7], frames[8], _cursor("dan", END)),
        ],
        refetches=[Refetch("bob", DIRECT, 1, found=True)],
        produced={events[6]["id"]: GROUP, events[7]["id"]: GROUP},
    )


def _observed(events: list[Frame], frames: dict[int, Frame]) -> Observed:
    messages = [{name: value for name, value in frames[n].items() if name != "type"} for n in (2, 5)]
    listed = {DIRECT: {"unreadCount": 0, "lastSeq": 2}}
    return Observed(
        log=[Logged(0, offset, event) for offset, event in enumerate(events)],
        topic={
            0: [
                _told(place, offset, frames[offset])
                for place, offset in enumerate((1, 2, 3, 2, 3, 5, 6, 7, 8))
            ]
        },
        histories={("ann", DIRECT): list(messages), ("bob", DIRECT): list(messages), ("cat", GROUP): []},
        lists={
            "ann": {DIRECT: {"unreadCount": 1, "lastSeq": 2}},
            "bob": listed,
            "cat": {GROUP: {"unreadCount": 0, "lastSeq": 0}},
            "dan": {},
        },
        syncs={
            "ann": [frames[1], frames[2], frames[3], frames[5]],
            "bob": [frames[1], frames[2], frames[3], frames[5]],
            "cat": [frames[6], frames[7]],
            "dan": [frames[6], frames[7], frames[8]],
        },
        unread={("ann", DIRECT): 1, ("bob", DIRECT): 0, ("cat", GROUP): 0},
        meanwhile={0: range(1, END)},
        outcomes=_outcomes(),
        trespasses=[Trespass("dan", DIRECT, "history", 404), Trespass("dan", DIRECT, "sync", 410, 410)],
        rows={"messages": "a hash"},
        replayed={"messages": "a hash"},
        replayed_outcomes=_outcomes(),
    )


def _outcomes() -> dict[tuple[int, int], list[str]]:
    of_each = [
        "skipped",
        "entry",
        "entry",
        "entry",
        "duplicate",
        "entry",
        "entry",
        "entry",
        "rejected",
        "skipped",
    ]
    return {(0, offset): [outcome] for offset, outcome in enumerate(of_each)}


def connection(user: str, came_at: int, *frames: Frame) -> Connection:
    came_with = at(user, came_at)
    hello = {"type": "hello", "userId": user, "cursor": came_with}
    return Connection(user, f"{user}-1", "gateway", came_with, [hello, *frames])


def _cursor(user: str, offset: int) -> Frame:
    return {"type": "cursor", "cursor": at(user, offset)}


def _frame(offset: int, event: Frame) -> Frame:
    def message(seq: int) -> Frame:
        data = event["data"]
        return {
            "type": "message",
            "id": data["messageId"],
            "seq": seq,
            "senderId": event["actor"],
            "text": data["content"]["text"],
            "createdAt": event["time"],
            "clientId": data["clientId"],
            "isRead": False,
        }

    group = {"type": "conversation", "kind": "group", "title": None}
    facts: dict[int, Frame] = {
        1: {"type": "conversation", **MEMBERS},
        2: message(1) if offset == 2 else {},
        3: {"type": "read", "userId": "bob", "upTo": 1},
        5: message(2) if offset == 5 else {},
        6: {**group, "members": ["cat", "dan"], "memberCount": 2},
        7: {**group, "members": ["cat"], "memberCount": 1},
        8: {"type": "rejected", "id": event["data"].get("messageId"), "clientId": "9", "reason": "not_found"},
    }
    where = {"conversationId": event["data"]["conversationId"]}
    return facts[offset] | where | ({} if offset == 8 else {"version": offset})


def _told(place: int, offset: int, frame: Frame) -> Told:
    everybody = {DIRECT: ["ann", "bob"], GROUP: ["cat", "dan"]}[frame["conversationId"]]
    audience = ["dan"] if offset == 8 else everybody
    return Told(place, {"id": f"{builders.EPOCH}-0-{offset}", "data": {**frame, "audience": audience}})
