"""The store API: the gateway's HTTP calls to message-store serve (docs/internal-wire.md), for both ends.

The gateway encodes the parameters of a call and decodes its answer; message-store does the reverse. Bodies
that a client receives as they are, pages of conversations and of messages, have their models in
`contract.frames`: message-store encodes them and the gateway does not parse them.

Each request and each answer of status 200 carries PROTOCOL. Neither end goes on with another number.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.contract import cursor as cursors
from shared.contract.cursor import Cursor, InvalidCursor
from shared.contract.fields import MAX_SEQ, MAX_SYNC_PAGE_BYTES, Timestamp, UserId, Uuid
from shared.http.problems import Problem
from shared.http.query_string import QueryString, WholeNumber

PROTOCOL = 1
"""Raise it with every change that an end of another release would misread."""
PROTOCOL_HEADER = "Store-Protocol"
HEADERS = {PROTOCOL_HEADER: str(PROTOCOL)}

MAX_WAIT_SECONDS = 10
JSON = "application/json"
NDJSON = "application/x-ndjson"

Limit = Annotated[int, WholeNumber(1, 100)]
"""Items of a page."""
Bound = Annotated[int, WholeNumber(0, MAX_SEQ)]
"""A seq that a page of history lies before, after or around."""


def mismatch(headers: Mapping[str, str]) -> str | None:
    """Return why the sender of these headers cannot be served or used; None if it has PROTOCOL."""
    other = headers.get(PROTOCOL_HEADER)
    if other == str(PROTOCOL):
        return None
    return f"store API: this end has protocol {PROTOCOL}, the other end {other or 'none'}; upgrade both"


Side = Literal["before", "after", "around"]


class HistoryBound(NamedTuple):
    side: Side
    seq: int


def single_bound(before: int | None, after: int | None, around: int | None) -> HistoryBound | None:
    """Raises ValueError if there are several."""
    seqs: dict[Side, int | None] = {"before": before, "after": after, "around": around}
    bounds = [HistoryBound(side, seq) for side, seq in seqs.items() if seq is not None]
    if len(bounds) > 1:
        raise ValueError("before, after, around: at most one of them")
    return bounds[0] if bounds else None


def decode_cursor(text: str) -> Cursor:
    """Raises Problem(cursor_invalid)."""
    try:
        return cursors.decode(text)
    except InvalidCursor as error:
        raise Problem("cursor_invalid", f"the cursor {error}") from None


# Parameters ----------------------------------------------------------------------------------------------


class Params(BaseModel):
    """Of a call: its path and its query parameters."""

    model_config = ConfigDict(frozen=True)
    path: ClassVar[str]

    def encode(self) -> tuple[str, dict[str, str]]:
        """Return the path and the query parameters of the request."""
        given = self.model_fields_set
        values = {name: str(value) for name, value in self if name in given and value is not None}
        in_path = [name for name in values if f"{{{name}}}" in self.path]
        return self.path.format_map(values), {
            name: value for name, value in values.items() if name not in in_path
        }

    @classmethod
    def decode(cls, query: bytes, path_params: Mapping[str, str]) -> Self:
        """Raises Problem: `bad_request` for a malformed query string, `invalid` for a parameter."""
        values = QueryString.parse(query).single_values((name, False) for name in cls.model_fields)
        try:
            return cls.model_validate({**values, **path_params})
        except ValidationError as error:
            first = error.errors()[0]
            parameter = ".".join(map(str, first["loc"]))
            raise Problem("invalid", f"{parameter}: {first['msg']}" if parameter else first["msg"]) from None


class CallParams(Params):
    """Of a call for a user. With a `position` the answer waits until the projection is past it, at most
    `wait` seconds."""

    user: UserId
    """The caller, verified by the gateway."""
    position: Annotated[str, Field(max_length=64)] | None = None
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT_SECONDS)] = 0


class ConversationParams(CallParams):
    path = "/conversations/{conversation}"

    conversation: Uuid


class ConversationsParams(CallParams):
    path = "/conversations"

    limit: Limit = 50
    page: str | None = None
    """The page token of the page before."""


class HistoryParams(CallParams):
    path = "/history"

    conversation: Uuid
    limit: Limit = 50
    before: Bound | None = None
    after: Bound | None = None
    around: Bound | None = None

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        single_bound(self.before, self.after, self.around)
        return self

    @property
    def bound(self) -> HistoryBound | None:
        return single_bound(self.before, self.after, self.around)


class MembershipParams(CallParams):
    path = "/membership"

    conversation: Uuid


class OutcomeParams(CallParams):
    path = "/outcome"

    position: Annotated[str, Field(max_length=64)]


class SyncParams(CallParams):
    """Waits for its cursor as well."""

    path = "/sync"

    cursor: str | None = None
    limit: Limit = 50

    def decoded_cursor(self) -> Cursor | None:
        """Raises Problem: `cursor_invalid`, or `cursor_unusable` for another user's."""
        if self.cursor is None:
            return None
        cursor = decode_cursor(self.cursor)
        if not cursor.belongs_to(self.user):
            raise Problem("cursor_unusable", "the cursor is another user's")
        return cursor


class RevocationsParams(Params):
    """Pages through the users with a revocation since a time, by user id."""

    path = "/revocations"

    since: Timestamp
    after: UserId | None = None
    """The last user of the page before."""


class RedeemParams(Params):
    """Of POST: use a WebSocket ticket up. The first call for an `id` redeems it, all others do not."""

    path = "/tickets/redeem"

    id: Uuid
    expires_at: Timestamp
    """When the ticket expires; afterwards its use need not be remembered."""


PROGRESS_PATH = "/progress"

# Answers -------------------------------------------------------------------------------------------------


class ProjectionOffsets(NamedTuple):
    """How far the projection is: per partition of `chat.events` the next offset to be projected."""

    epoch: str
    offsets: tuple[int, ...]

    def is_behind(self, offsets: Mapping[int, int]) -> bool:
        """Return whether some of these next offsets by partition are not reached: the read models are being
        rebuilt, or another database took over that is not as far."""
        return any(offset > self.offsets[partition] for partition, offset in offsets.items())

    def encode(self) -> bytes:
        return orjson.dumps(self._asdict())

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls._from(orjson.loads(body))

    @classmethod
    def _from(cls, fields: dict[str, Any]) -> Self:
        return cls(fields["epoch"], tuple(fields["offsets"]))


class MembershipAnswer(NamedTuple):
    is_member: bool
    """At `projection`, and not since."""
    projection: ProjectionOffsets

    def encode(self) -> bytes:
        return orjson.dumps({"member": self.is_member, **self.projection._asdict()})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        fields = orjson.loads(body)
        return cls(fields["member"], ProjectionOffsets._from(fields))


class RevocationsPage(NamedTuple):
    revoked_at: dict[str, str]
    """By user the latest revocation, RFC 3339."""
    has_more: bool

    def encode(self) -> bytes:
        return orjson.dumps({"revokedAt": self.revoked_at, "hasMore": self.has_more})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        fields = orjson.loads(body)
        return cls(fields["revokedAt"], fields["hasMore"])


class RedeemAnswer(NamedTuple):
    is_redeemed: bool
    """False: it was used before, or its time is long over."""

    def encode(self) -> bytes:
        return orjson.dumps({"redeemed": self.is_redeemed})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(orjson.loads(body)["redeemed"])


class OutcomeAnswer(NamedTuple):
    """What the fold made of one event."""

    outcome: Literal["entry", "duplicate", "rejected", "skipped"]
    reason: str | None = None
    """Why the event was rejected or skipped."""
    message: dict[str, Any] | None = None
    """A Message as the caller sees it, of an entry or a duplicate of a sent one."""

    def encode(self) -> bytes:
        return orjson.dumps({name: value for name, value in self._asdict().items() if value is not None})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        fields = orjson.loads(body)
        return cls(fields["outcome"], fields.get("reason"), fields.get("message"))


def fit_frames(frames: Iterable[bytes], max_bytes: int = MAX_SYNC_PAGE_BYTES) -> list[bytes]:
    """Return the first frames, at most `max_bytes` of them, but at least one if there is one."""
    page: list[bytes] = []
    left = max_bytes
    for frame in frames:
        left -= len(frame)
        if page and left < 0:
            break
        page.append(frame)
    return page


class SyncPage(NamedTuple):
    """Frames after a cursor, as JSON that neither end parses again. Encoded as NDJSON: first a line with the
    cursor and whether there is more, then one line per frame."""

    frames: list[bytes]
    cursor: str
    has_more: bool

    def encode(self) -> bytes:
        return b"\n".join([self._head(), *self.frames])

    @classmethod
    def decode(cls, body: bytes) -> Self:
        head, *frames = body.split(b"\n")
        fields = orjson.loads(head)
        return cls(frames, fields["cursor"], fields["hasMore"])

    def to_json(self) -> bytes:
        """The page as REST clients receive it: `{"entries": […], "cursor": …, "hasMore": …}`."""
        return b'{"entries":[' + b",".join(self.frames) + b"]," + self._head()[1:]

    def _head(self) -> bytes:
        return orjson.dumps({"cursor": self.cursor, "hasMore": self.has_more})
