"""The store's twin for tests: read models folded from an in-memory log at each question.

A sketch of the real fold: direct conversations, messages, reads. One contract suite holds both to the port.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from gateway.store.client import Answer, Away, Belongs, Outcome, Progress, Unavailable, Until
from shared.contract import codec, events, frames
from shared.contract import cursor as cursors
from shared.contract.entry_to_frame import fit_history_page
from shared.contract.entry_to_frame import fit_page as page_of
from shared.contract.position import Position, next_offset
from shared.http.problems import Code, Problem
from shared.log.log_epoch import LogIdentity
from shared.testing.in_memory_kafka import InMemoryLog

_decoded = lru_cache(10_000)(codec.decode_event)


@dataclass
class _Conversation:
    started: events.ConversationStarted
    version: int
    messages: list[frames.MessageFields] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    made: dict[tuple[int, int], frames.MessageFields] = field(default_factory=dict)
    """Which message the event at a place made, or repeated."""

    @property
    def id(self) -> str:
        return self.started.data.conversation_id

    @property
    def members(self) -> list[str]:
        return self.started.data.members


class MemoryStore:
    def __init__(self, log: InMemoryLog, topic: str, identity: LogIdentity) -> None:
        self.away = False
        self.busy = False
        """It does not answer in time."""
        self.stands_at: tuple[int, ...] | None = None
        """Where the projection stands still; None: it is always at the log's end."""
        self.questions = 0
        self._log = log
        self._topic = topic
        self.identity = identity

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, until: Until | None = None
    ) -> Answer:
        def answer() -> Answer:
            mine = [_conversation(each, user) for each in self._folded().values() if user in each.members]
            mine.sort(key=lambda each: (each.updated_at, each.id), reverse=True)
            return _ok({"items": _plain(mine[:limit]), "nextPage": None, "cursor": self._cursor(user)})

        return self._answered(until, answer)

    async def conversation(self, user: str, conversation: str, *, until: Until | None = None) -> Answer:
        def answer() -> Answer:
            found = self._of(user, conversation)
            return _NOT_FOUND if found is None else Answer(200, codec.encode(_conversation(found, user)))

        return self._answered(until, answer)

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bounds: dict[str, int],
        until: Until | None = None,
    ) -> Answer:
        def answer() -> Answer:
            found = self._of(user, conversation)
            if found is None:
                return _NOT_FOUND
            before, above = bounds.get("before", 2**53), bounds.get("after", 0)
            within = [m for m in found.messages if above < m.seq < before]
            shown = within[:limit] if "after" in bounds else within[-limit:]
            items = _plain([_message(found, each, user) for each in shown])
            first, last = fit_history_page(items, 0 if "after" in bounds else len(items))
            more = {"hasMore": len(within) > last - first, "hasOlder": False, "hasNewer": False}
            return _ok({"items": items[first:last], **more, "cursor": self._cursor(user)})

        return self._answered(until, answer)

    async def sync(self, user: str, cursor: str | None, *, limit: int, until: Until | None = None) -> Answer:
        came_with = cursors.decode(cursor) if cursor is not None else None
        await asyncio.sleep(0)  # as a call elsewhere: page after page must not keep everybody else waiting

        def answer() -> Answer:
            seen = came_with.offsets if came_with is not None else self._offsets()
            found = self._shown(user, seen)
            shown = page_of(_plain([frame for *_, frame in found[:limit]]))
            more = len(found) > len(shown)
            reached = list(self._offsets())
            if more:
                partition, offset, _ = found[len(shown) - 1]
                reached = [*reached[:partition], next_offset(offset), *seen[partition + 1 :]]
            at = cursors.encode(self.identity.epoch, user, reached)
            return _ok({"entries": shown, "cursor": at, "hasMore": more})

        if came_with and (came_with.epoch != self.identity.epoch or not came_with.belongs_to(user)):
            return _problem("cursor_unusable", "the cursor is another's")
        if came_with is not None and any(
            seen > at for seen, at in zip(came_with.offsets, self._offsets(), strict=True)
        ):
            self._ask()
            return _problem("projection_behind", "not there yet")
        return self._answered(until, answer)

    def _shown(self, user: str, seen: Sequence[int]) -> list[tuple[int, int, frames.MessageFrame]]:
        """Messages only: by partition and offset, from `seen` on."""
        mine = [each for each in self._folded().values() if user in each.members]
        return sorted(
            (partition, offset, frames.MessageFrame(**dict(_message(each, message, user))))
            for each in mine
            for (partition, offset), message in each.made.items()
            if message.version == offset >= seen[partition]
        )

    async def membership(self, user: str, conversation: str) -> Belongs:
        self._ask()
        return Belongs(self._of(user, conversation) is not None, self._progress())

    async def outcome(self, user: str, until: Until) -> Outcome | None:
        self._ask()
        place = Position.parse(until.position or "")
        if not self._reached(place):
            return None
        for each in self._folded().values():
            if (message := each.made.get((place.partition, place.offset))) is not None:
                [plain] = _plain([_message(each, message, user)])
                return Outcome("entry" if message.version == place.offset else "duplicate", None, plain)
        return Outcome("rejected", "not_found")

    async def progress(self) -> Progress:
        self._ask()
        return self._progress()

    def _progress(self) -> Progress:
        return Progress(self.identity.epoch, self._offsets())

    def _answered(self, until: Until | None, answer: Callable[[], Answer]) -> Answer:
        self._ask()
        if until is not None and until.position and not self._reached(Position.parse(until.position)):
            return _problem("projection_behind", "not there yet")
        return answer()

    def _ask(self) -> None:
        self.questions += 1
        if self.away:
            raise Away("away")
        if self.busy:
            raise Unavailable("busy")

    def _reached(self, place: Position) -> bool:
        return place.offset < self._offsets()[place.partition]

    def _offsets(self) -> tuple[int, ...]:
        if self.stands_at is not None:
            return self.stands_at
        return tuple(len(records) for records in self._log.topics[self._topic])

    def _cursor(self, user: str) -> str:
        return cursors.encode(self.identity.epoch, user, self._offsets())

    def _of(self, user: str, conversation: str) -> _Conversation | None:
        found = self._folded().get(conversation)
        return found if found is not None and user in found.members else None

    def _folded(self) -> dict[str, _Conversation]:
        known: dict[str, _Conversation] = {}
        for partition, offset, event in self._events():
            if isinstance(event, events.ConversationStarted):
                known.setdefault(event.subject, _Conversation(event, offset))
            elif event.subject in known and event.actor in known[event.subject].members:
                _apply(known[event.subject], (partition, offset), event)
        return known

    def _events(self) -> Iterator[tuple[int, int, events.ConversationEvent]]:
        for partition, end in enumerate(self._offsets()):
            for record in self._log.topics[self._topic][partition][:end]:
                event = _decoded(record.value)
                if not isinstance(event, events.LogOpened):
                    yield partition, record.offset, event


def _apply(to: _Conversation, place: tuple[int, int], event: events.ConversationEvent) -> None:
    if isinstance(event, events.ReadMoved):
        newest = min(event.data.up_to, len(to.messages))
        to.read[event.actor] = max(to.read.get(event.actor, 0), newest)
    if not isinstance(event, events.MessageSent):
        return
    known = {message.id: message for message in to.messages}
    message = known.get(event.data.message_id)
    if message is None:
        message = frames.MessageFields(
            id=event.data.message_id,
            conversation_id=to.id,
            seq=next_offset(len(to.messages)),
            sender_id=event.actor,
            text=event.data.content.text,
            created_at=event.time,
            version=place[1],
            client_id=event.data.client_id,
        )
        to.messages.append(message)
        to.read[event.actor] = message.seq
    to.made[place] = message


def _message(of: _Conversation, message: frames.MessageFields, user: str) -> frames.Message:
    readers = [user] if message.sender_id != user else [each for each in of.members if each != user]
    is_read = all(of.read.get(reader, 0) >= message.seq for reader in readers)
    return frames.Message(**dict(message), is_read=is_read)


def _conversation(of: _Conversation, user: str) -> frames.Conversation:
    last = of.messages[-1] if of.messages else None
    read = of.read.get(user, 0)
    return frames.Conversation(
        id=of.id,
        kind=of.started.data.kind,
        title=None,
        peer_id=next(member for member in of.members if member != user),
        members=of.members,
        member_count=len(of.members),
        last_message=None if last is None else _message(of, last, user),
        last_seq=len(of.messages),
        read_seq=read,
        unread_count=len(of.messages) - read,
        created_at=of.started.time,
        updated_at=of.started.time if last is None else last.created_at,
        version=of.version,
    )


def _plain(models: list[Any]) -> list[dict[str, Any]]:
    return [orjson.loads(codec.encode(model)) for model in models]


def _ok(body: dict[str, Any]) -> Answer:
    return Answer(200, orjson.dumps(body))


def _problem(code: Code, detail: str) -> Answer:
    response = Problem(code, detail).response()
    return Answer(response.status_code, bytes(response.body))


_NOT_FOUND = _problem("not_found", "no such conversation, or you are not a member of it")
