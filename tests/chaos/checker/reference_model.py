"""An independent, plainer fold of the log: the oracle for everything that the system shows.

It knows the rules and none of the code under test: dictionaries in, dictionaries out.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.checker.history import Frame

MAX_RECEIPT_MEMBERS = 32
MAX_GROUP_MEMBERS = 1_024

Key = tuple[str, str, int | str]
"""Identifies an entry wherever it is shown: its frame's type, conversation and version."""


class LogRecord(NamedTuple):
    partition: int
    offset: int
    event: Frame | None
    """None: not to be folded."""


@dataclass(frozen=True)
class Entry:
    """An entry or a rejection."""

    partition: int
    offset: int
    type: str
    conversation: str
    audience: frozenset[str]
    fields: Frame
    """Of its frame, wherever it is shown."""

    @property
    def key(self) -> Key:
        frame = {"type": self.type, "conversationId": self.conversation, "version": self.offset}
        return key_of(frame | self.fields)


def key_of(frame: Frame) -> Key:
    version = "id" if frame["type"] == "rejected" else "version"
    return frame["type"], frame["conversationId"], frame[version]


@dataclass
class Conversation:
    kind: str
    title: str | None
    members: dict[str, int]
    """Present members in join order → their read positions."""
    messages: list[Entry] = field(default_factory=list)
    message_ids: set[str] = field(default_factory=set)


class ReferenceModel:
    def __init__(self, log: Iterable[LogRecord]) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.entries: list[Entry] = []
        """All that users are shown, rejections too; within a partition in the order of the log."""
        self.by_key: dict[Key, list[Entry]] = {}
        """A rejected send that is repeated with the same `clientId` is rejected again, with the same key."""
        self._by_user: dict[tuple[str, int], list[Entry]] = {}
        """(user, partition) → entries in the order of the log."""
        for record in log:
            if record.event is not None and "conversationId" in record.event["data"]:
                _Fold(self, record, record.event).run()

    def entries_for(self, user: str, start: Sequence[int], end: Sequence[int] = ()) -> list[Entry]:
        """The user's entries between two sets of offsets, partition by partition; without `end`, all."""
        entries: list[Entry] = []
        for partition, first in enumerate(start):
            own = self._by_user.get((user, partition), [])
            begin = bisect_left(own, first, key=_offset)
            entries += own[begin : bisect_left(own, end[partition], key=_offset) if end else None]
        return entries

    def messages(self, conversation: str) -> list[Entry]:
        state = self.conversations.get(conversation)
        return state.messages if state else []

    def members(self, conversation: str) -> dict[str, int]:
        state = self.conversations.get(conversation)
        return state.members if state else {}

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.by_key.setdefault(entry.key, []).append(entry)
        for user in entry.audience:
            self._by_user.setdefault((user, entry.partition), []).append(entry)


class _Fold:
    """Folds one event into the model."""

    def __init__(self, model: ReferenceModel, record: LogRecord, event: Frame) -> None:
        self._model, self._record, self._event = model, record, event
        self._actor, self._data = event["actor"], event["data"]
        self._conversation = self._data["conversationId"]

    def run(self) -> None:
        kind = self._event["type"].removeprefix("chat.event.").removesuffix(".v1")
        state = self._model.conversations.get(self._conversation)
        if kind == "conversation-started":
            if state is None:
                self._start()
        elif state is not None and kind == "message-sent" and self._data["messageId"] in state.message_ids:
            return
        elif state is None or self._actor not in state.members:
            self._reject("not_found")
        elif kind == "message-sent":
            self._send(state)
        elif kind == "read-moved":
            self._read(state)
        else:
            self._change_member(state, joins=kind == "member-added")

    def _start(self) -> None:
        members = dict.fromkeys(self._data["members"], 0)
        state = Conversation(self._data["kind"], self._data["content"].get("title"), members)
        self._model.conversations[self._conversation] = state
        self._announce(state, members)

    def _send(self, state: Conversation) -> None:
        message_id, text = self._data["messageId"], self._data["content"]["text"]
        fields = {"id": message_id, "seq": len(state.messages) + 1, "senderId": self._actor, "text": text}
        if self._data.get("clientId") is not None:
            fields["clientId"] = self._data["clientId"]
        entry = self._publish("message", state.members, createdAt=self._event["time"], **fields)
        state.messages.append(entry)
        state.message_ids.add(message_id)
        state.members[self._actor] = len(state.messages)

    def _read(self, state: Conversation) -> None:
        up_to = min(self._data["upTo"], len(state.messages))
        if up_to > state.members[self._actor]:
            state.members[self._actor] = up_to
            audience = state.members if len(state.members) <= MAX_RECEIPT_MEMBERS else [self._actor]
            self._publish("read", audience, userId=self._actor, upTo=up_to)

    def _change_member(self, state: Conversation, *, joins: bool) -> None:
        user = self._data["userId"]
        if state.kind != "group":
            self._reject("not_a_group")
        elif joins == (user in state.members):
            return
        elif joins and len(state.members) >= MAX_GROUP_MEMBERS:
            self._reject("group_full")
        else:
            audience = {*state.members, user}
            if joins:
                state.members[user] = len(state.messages)
            else:
                del state.members[user]
            self._announce(state, audience)

    def _announce(self, state: Conversation, audience: Iterable[str]) -> None:
        members = {"members": list(state.members)[:100], "memberCount": len(state.members)}
        self._publish("conversation", audience, kind=state.kind, title=state.title, **members)

    def _reject(self, reason: str) -> None:
        rejected_id = self._data.get("messageId", self._event["id"])
        self._publish("rejected", [self._actor], id=rejected_id, reason=reason)

    def _publish(self, type_: str, audience: Iterable[str], **fields: Any) -> Entry:
        partition, offset, _ = self._record
        entry = Entry(partition, offset, type_, self._conversation, frozenset(audience), fields)
        self._model.add(entry)
        return entry


def _offset(entry: Entry) -> int:
    return entry.offset
