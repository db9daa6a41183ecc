"""In-memory twin of the store: read models folded from an in-memory log at each call.

It folds direct conversations, messages and reads only. One contract suite runs it and the HTTP client.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from gateway.store.client import StoreAway, StoreResponse, StoreUnavailable, WaitFor
from shared.contract import codec, events, frames
from shared.contract import cursor as cursors
from shared.contract.fields import timestamp
from shared.contract.page_fit import fit_history_page
from shared.contract.position import Position, next_offset
from shared.http.problems import Code, Problem
from shared.internal.store_api import (
    HistoryBound,
    MembershipAnswer,
    OutcomeAnswer,
    ProjectionOffsets,
    RevocationsPage,
    SyncPage,
    fit_frames,
)
from shared.log.log_epoch import LogIdentity
from shared.testing.in_memory_kafka import InMemoryLog

MAX_REVOCATIONS = 2
"""Users on one page of revocations: few, so that pages follow each other."""

_decode_event = lru_cache(10_000)(codec.decode_event)


@dataclass
class _Conversation:
    started: events.ConversationStarted
    version: int
    messages: list[frames.MessageFields] = field(default_factory=list)
    read_seqs: dict[str, int] = field(default_factory=dict)
    message_by_event: dict[tuple[int, int], frames.MessageFields] = field(default_factory=dict)
    """By partition and offset of the event that sent or repeated it."""

    @property
    def id(self) -> str:
        return self.started.data.conversation_id

    @property
    def members(self) -> list[str]:
        return self.started.data.members


class InMemoryStore:
    def __init__(self, log: InMemoryLog, topic: str, identity: LogIdentity) -> None:
        self.away = False
        self.busy = False
        """Calls time out."""
        self.frozen_at: tuple[int, ...] | None = None
        """The offsets where the projection stands still; None: it is always at the log's end."""
        self.calls = 0
        """Queries of users."""
        self.identity = identity
        self._log = log
        self._topic = topic
        self._redeemed_tickets: set[str] = set()

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        def respond() -> StoreResponse:
            views = [_view_conversation(conversation, user) for conversation in self._conversations_of(user)]
            views.sort(key=lambda view: (view.updated_at, view.id), reverse=True)
            return _ok({"items": _json(views[:limit]), "nextPage": None, "cursor": self._cursor(user)})

        return self._respond(wait_for, respond)

    async def conversation(
        self, user: str, conversation: str, *, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        def respond() -> StoreResponse:
            state = self._conversation_of(user, conversation)
            if state is None:
                return _NOT_FOUND
            return StoreResponse(200, codec.encode(_view_conversation(state, user)))

        return self._respond(wait_for, respond)

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bound: HistoryBound | None = None,
        wait_for: WaitFor | None = None,
    ) -> StoreResponse:
        def respond() -> StoreResponse:
            state = self._conversation_of(user, conversation)
            if state is None:
                return _NOT_FOUND
            side, seq = bound if bound is not None else HistoryBound("before", 2**53)
            forward = side == "after"
            messages = [m for m in state.messages if (m.seq > seq if forward else m.seq < seq)]
            page = messages[:limit] if forward else messages[-limit:]
            items = _json([_view_message(state, message, user) for message in page])
            low, high = fit_history_page(items, 0 if forward else len(items))
            more = {"hasMore": len(messages) > high - low, "hasOlder": False, "hasNewer": False}
            return _ok({"items": items[low:high], **more, "cursor": self._cursor(user)})

        return self._respond(wait_for, respond)

    async def sync(
        self, user: str, cursor: str | None, *, limit: int, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        client_cursor = cursors.decode(cursor) if cursor is not None else None
        await asyncio.sleep(0)  # as a call over the network does: pages in a row must not starve others

        def respond() -> StoreResponse:
            since = client_cursor.offsets if client_cursor is not None else self._offsets()
            missed = self._missed(user, since)
            page = fit_frames(codec.encode(frame) for *_, frame in missed[:limit])
            has_more = len(missed) > len(page)
            reached = list(self._offsets())
            if has_more:
                partition, offset, _ = missed[len(page) - 1]
                reached = [*reached[:partition], next_offset(offset), *since[partition + 1 :]]
            at = cursors.encode(self.identity.epoch, user, reached)
            return StoreResponse(200, SyncPage(page, at, has_more).encode())

        if client_cursor is not None:
            if client_cursor.epoch != self.identity.epoch or not client_cursor.belongs_to(user):
                return _problem("cursor_unusable", "the cursor is of another log or user")
            if self._projection().is_behind(dict(enumerate(client_cursor.offsets))):
                self._count_call()
                return _problem("projection_behind", "not there yet")
        return self._respond(wait_for, respond)

    def _missed(self, user: str, since: Sequence[int]) -> list[tuple[int, int, frames.MessageFrame]]:
        """Messages only, with partition and offset, from `since` on."""
        return sorted(
            (partition, offset, frames.MessageFrame(**dict(_view_message(conversation, message, user))))
            for conversation in self._conversations_of(user)
            for (partition, offset), message in conversation.message_by_event.items()
            if message.version == offset >= since[partition]
        )

    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        self._count_call()
        return MembershipAnswer(self._conversation_of(user, conversation) is not None, self._projection())

    async def revocations(self, since: str, after: str | None) -> RevocationsPage:
        self._require_available()
        latest: dict[str, str] = {}
        for *_, event in self._events():
            if isinstance(event, events.UserRevoked) and event.data.revoked_at >= since:
                user = event.data.user_id
                latest[user] = max(event.data.revoked_at, latest.get(user, ""))
        users = sorted(user for user in latest if after is None or user > after)
        page = users[:MAX_REVOCATIONS]
        return RevocationsPage({user: latest[user] for user in page}, has_more=len(users) > len(page))

    async def redeem_ticket(self, ticket_id: str, expires_at: str) -> bool:
        self._require_available()
        is_new = ticket_id not in self._redeemed_tickets
        self._redeemed_tickets.add(ticket_id)
        return is_new and expires_at >= timestamp(datetime.now(UTC) - timedelta(minutes=1))

    async def outcome(self, user: str, position: str, seconds: float) -> OutcomeAnswer | None:
        self._count_call()
        _, partition, offset = at = Position.parse(position)
        if not self._has_passed(at):
            return None
        for conversation in self._fold().values():
            if (message := conversation.message_by_event.get((partition, offset))) is not None:
                [view] = _json([_view_message(conversation, message, user)])
                return OutcomeAnswer("entry" if message.version == offset else "duplicate", None, view)
        return OutcomeAnswer("rejected", "not_found")

    async def progress(self) -> ProjectionOffsets:
        self._count_call()
        return self._projection()

    def _projection(self) -> ProjectionOffsets:
        return ProjectionOffsets(self.identity.epoch, self._offsets())

    def _respond(self, wait_for: WaitFor | None, respond: Callable[[], StoreResponse]) -> StoreResponse:
        self._count_call()
        position = wait_for.position if wait_for is not None else None
        if position is not None and not self._has_passed(Position.parse(position)):
            return _problem("projection_behind", "not there yet")
        return respond()

    def _count_call(self) -> None:
        self.calls += 1
        self._require_available()

    def _require_available(self) -> None:
        if self.away:
            raise StoreAway("away")
        if self.busy:
            raise StoreUnavailable("busy")

    def _has_passed(self, position: Position) -> bool:
        return position.offset < self._offsets()[position.partition]

    def _offsets(self) -> tuple[int, ...]:
        if self.frozen_at is not None:
            return self.frozen_at
        return tuple(len(records) for records in self._log.topics[self._topic])

    def _cursor(self, user: str) -> str:
        return cursors.encode(self.identity.epoch, user, self._offsets())

    def _conversations_of(self, user: str) -> list[_Conversation]:
        return [conversation for conversation in self._fold().values() if user in conversation.members]

    def _conversation_of(self, user: str, conversation_id: str) -> _Conversation | None:
        conversation = self._fold().get(conversation_id)
        return conversation if conversation is not None and user in conversation.members else None

    def _fold(self) -> dict[str, _Conversation]:
        states: dict[str, _Conversation] = {}
        for partition, offset, event in self._events():
            if isinstance(event, events.ConversationStarted):
                states.setdefault(event.subject, _Conversation(event, offset))
            elif event.subject in states and event.actor in states[event.subject].members:
                _apply(states[event.subject], (partition, offset), event)
        return states

    def _events(self) -> Iterator[tuple[int, int, events.AggregateEvent]]:
        for partition, end in enumerate(self._offsets()):
            for record in self._log.topics[self._topic][partition][:end]:
                event = _decode_event(record.value)
                if not isinstance(event, events.LogOpened):
                    yield partition, record.offset, event


def _apply(to: _Conversation, place: tuple[int, int], event: events.AggregateEvent) -> None:
    if isinstance(event, events.ReadMoved):
        up_to = min(event.data.up_to, len(to.messages))
        to.read_seqs[event.actor] = max(to.read_seqs.get(event.actor, 0), up_to)
    if not isinstance(event, events.MessageSent):
        return
    by_id = {message.id: message for message in to.messages}
    message = by_id.get(event.data.message_id)
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
        to.read_seqs[event.actor] = message.seq
    to.message_by_event[place] = message


def _view_message(of: _Conversation, message: frames.MessageFields, user: str) -> frames.Message:
    own = message.sender_id == user
    readers = [member for member in of.members if member != user] if own else [user]
    is_read = all(of.read_seqs.get(reader, 0) >= message.seq for reader in readers)
    return frames.Message(**dict(message), is_read=is_read)


def _view_conversation(of: _Conversation, user: str) -> frames.Conversation:
    last = of.messages[-1] if of.messages else None
    read_seq = of.read_seqs.get(user, 0)
    return frames.Conversation(
        id=of.id,
        kind=of.started.data.kind,
        title=None,
        peer_id=next(member for member in of.members if member != user),
        members=of.members,
        member_count=len(of.members),
        last_message=None if last is None else _view_message(of, last, user),
        last_seq=len(of.messages),
        read_seq=read_seq,
        unread_count=len(of.messages) - read_seq,
        created_at=of.started.time,
        updated_at=of.started.time if last is None else last.created_at,
        version=of.version,
    )


def _json(models: Sequence[Any]) -> list[dict[str, Any]]:
    return [orjson.loads(codec.encode(model)) for model in models]


def _ok(body: dict[str, Any]) -> StoreResponse:
    return StoreResponse(200, orjson.dumps(body))


def _problem(code: Code, detail: str) -> StoreResponse:
    response = Problem(code, detail).response()
    return StoreResponse(response.status_code, bytes(response.body))


_NOT_FOUND = _problem("not_found", "no such conversation, or you are not a member of it")
