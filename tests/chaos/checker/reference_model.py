"""What the log says, counted anew by a second, plainer fold: the measure for all that the system shows.

It knows the rules of DESIGN and none of the code that is judged: dictionaries in, dictionaries out.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.checker.history import Frame

RECEIPT_MEMBERS = 32
GROUP_MEMBERS = 1_024

Key = tuple[str, str, int | str]
"""What an entry is known by wherever it is shown: its frame's type, conversation and version."""


class LogRecord(NamedTuple):
    partition: int
    offset: int
    event: Frame | None
    """None: no event that may be folded."""


@dataclass(frozen=True)
class ModelEntry:
    """One entry or rejection, and whom it is for."""

    partition: int
    offset: int
    type: str
    conversation: str
    audience: frozenset[str]
    facts: Frame
    """What its frame says, wherever it is shown."""

    @property
    def key(self) -> Key:
        return key_of(
            {"type": self.type, "conversationId": self.conversation, "version": self.offset} | self.facts
        )


def key_of(frame: Frame) -> Key:
    told_by = "id" if frame["type"] == "rejected" else "version"
    return frame["type"], frame["conversationId"], frame[told_by]


@dataclass
class ModelConversation:
    kind: str
    title: str | None
    members: dict[str, int]
    """Present members in join order → how far each has read."""
    messages: list[ModelEntry] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


class ReferenceModel:
    def __init__(self, log: Iterable[LogRecord]) -> None:
        self.conversations: dict[str, ModelConversation] = {}
        self.entries: list[ModelEntry] = []
        """Everything that is told, rejections too; within a partition in the order of the log."""
        self.known: dict[Key, list[ModelEntry]] = {}
        """Where it happened: what is refused, and said again with the same `clientId`, is refused twice."""
        self._theirs: dict[tuple[str, int], list[ModelEntry]] = {}
        """Of each user and partition, in the order of the log."""
        for record in log:
            if record.event is not None and "actor" in record.event:
                self._fold(record, record.event)

    def of(self, user: str, since: Sequence[int], until: Sequence[int] = ()) -> list[ModelEntry]:
        """What is for this user from one place in the log to another, partition by partition."""
        found: list[ModelEntry] = []
        for partition, first in enumerate(since):
            own = self._theirs.get((user, partition), [])
            begin = bisect_left(own, first, key=_offset)
            found += own[begin : bisect_left(own, until[partition], key=_offset) if until else None]
        return found

    def messages(self, conversation: str) -> list[ModelEntry]:
        found = self.conversations.get(conversation)
        return found.messages if found else []

    def members(self, conversation: str) -> dict[str, int]:
        found = self.conversations.get(conversation)
        return found.members if found else {}

    def _fold(self, record: LogRecord, event: Frame) -> None:
        actor, data = event["actor"], event["data"]
        kind = event["type"].removeprefix("chat.event.").removesuffix(".v1")
        found = self.conversations.get(data["conversationId"])
        if kind == "conversation-started":
            self._start(record, data, found)
        elif found is not None and kind == "message-sent" and data["messageId"] in found.ids:
            return
        elif found is None or actor not in found.members:
            self._reject(record, event, "not_found")
        elif kind == "message-sent":
            self._send(record, event, found)
        elif kind == "read-moved":
            self._read(record, event, found)
        else:
            self._move(record, event, found, joins=kind == "member-added")

    def _start(self, record: LogRecord, data: Frame, found: ModelConversation | None) -> None:
        if found is None:
            members = dict.fromkeys(data["members"], 0)
            made = ModelConversation(data["kind"], data["content"].get("title"), members)
            self.conversations[data["conversationId"]] = made
            self._conversation(record, data["conversationId"], made, members)

    def _send(self, record: LogRecord, event: Frame, found: ModelConversation) -> None:
        data = event["data"]
        facts = {
            "id": data["messageId"],
            "seq": len(found.messages) + 1,
            "senderId": event["actor"],
            "text": data["content"]["text"],
            "createdAt": event["time"],
        }
        if data.get("clientId") is not None:
            facts["clientId"] = data["clientId"]
        found.messages.append(self._tell(record, "message", data["conversationId"], found.members, facts))
        found.ids.add(data["messageId"])
        found.members[event["actor"]] = len(found.messages)

    def _read(self, record: LogRecord, event: Frame, found: ModelConversation) -> None:
        actor, data = event["actor"], event["data"]
        up_to = min(data["upTo"], len(found.messages))
        if up_to > found.members[actor]:
            found.members[actor] = up_to
            audience = found.members if len(found.members) <= RECEIPT_MEMBERS else [actor]
            self._tell(record, "read", data["conversationId"], audience, {"userId": actor, "upTo": up_to})

    def _move(self, record: LogRecord, event: Frame, found: ModelConversation, *, joins: bool) -> None:
        data, user = event["data"], event["data"]["userId"]
        if found.kind != "group":
            self._reject(record, event, "not_a_group")
        elif joins == (user in found.members):
            return
        elif joins and len(found.members) >= GROUP_MEMBERS:
            self._reject(record, event, "group_full")
        else:
            audience = {*found.members, user}
            if joins:
                found.members[user] = len(found.messages)
            else:
                del found.members[user]
            self._conversation(record, data["conversationId"], found, audience)

    def _conversation(
        self, record: LogRecord, name: str, found: ModelConversation, audience: Iterable[str]
    ) -> None:
        members = list(found.members)
        facts = {
            "kind": found.kind,
            "title": found.title,
            "members": members[:100],
            "memberCount": len(members),
        }
        self._tell(record, "conversation", name, audience, facts)

    def _reject(self, record: LogRecord, event: Frame, reason: str) -> None:
        data = event["data"]
        facts = {"id": data.get("messageId", event["id"]), "reason": reason}
        self._tell(record, "rejected", data["conversationId"], [event["actor"]], facts)

    def _tell(
        self, record: LogRecord, type_: str, name: str, audience: Iterable[str], facts: Any
    ) -> ModelEntry:
        made = ModelEntry(record.partition, record.offset, type_, name, frozenset(audience), facts)
        self.entries.append(made)
        self.known.setdefault(made.key, []).append(made)
        for user in made.audience:
            self._theirs.setdefault((user, made.partition), []).append(made)
        return made


def _offset(happened: ModelEntry) -> int:
    return happened.offset
