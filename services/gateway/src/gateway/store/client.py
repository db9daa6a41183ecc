"""The read models, as message-store serves them (docs/internal-wire.md). Answers that clients will see are
passed on unread."""

import errno
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, Protocol, Self

import aiohttp
import orjson
import structlog

from shared.http.service_token import authorization

log = structlog.get_logger()

_PATIENCE = 2.5  # seconds beyond what the store was asked to wait itself
_HASTE = 0.9  # where a send waits for the answer, which has Kafka to wait for yet


_REFUSALS = (401, 403)
_LOST = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})


class Unavailable(Exception):
    """The store does not answer, or says that it cannot."""


class Away(Unavailable):
    """The connection to the store was refused or reset, or the store cannot connect to its database. Never a
    time-out: load makes those."""


class Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def behind(self) -> bool:
        """The projection has not come to the position asked for."""
        return self.status == 503 and self.code == "projection_behind"

    @property
    def code(self) -> str:
        """Of a problem document."""
        try:
            return str(orjson.loads(self.body)["code"])
        except (ValueError, KeyError, TypeError):
            return "unavailable"


class Until(NamedTuple):
    """Answer once the projection is past `position`, and past the cursor that was sent, in at most `wait`
    seconds."""

    position: str | None
    wait: float


@dataclass(frozen=True)
class Outcome:
    """What the fold made of one event."""

    outcome: str
    """entry, duplicate, rejected or skipped"""
    reason: str | None = None
    message: dict[str, Any] | None = None


@dataclass(frozen=True)
class Progress:
    """How far the projection is: per partition the next offset."""

    epoch: str
    offsets: tuple[int, ...]

    def lacks(self, told: Mapping[int, int]) -> bool:
        """Is it behind what was told, per partition up to there? It is where its read models are being made
        anew, or after a failover to a database that was not as far."""
        return any(covers > self.offsets[partition] for partition, covers in told.items())


class Belongs(NamedTuple):
    """Whether a user is a member now, and how far the projection is that says so."""

    member: bool
    at: Progress


class StorePort(Protocol):
    """Every call raises Unavailable when the store does not answer, Away when it cannot. An Answer that is
    `behind` is an answer."""

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, until: Until | None = None
    ) -> Answer: ...

    async def conversation(self, user: str, conversation: str, *, until: Until | None = None) -> Answer: ...

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bounds: dict[str, int],
        until: Until | None = None,
    ) -> Answer: ...

    async def sync(
        self, user: str, cursor: str | None, *, limit: int, until: Until | None = None
    ) -> Answer: ...

    async def membership(self, user: str, conversation: str) -> Belongs: ...

    async def outcome(self, user: str, until: Until) -> Outcome | None:
        """None when the projection did not get there in time."""
        ...

    async def progress(self) -> Progress: ...


class _Purpose(Enum):
    """What a connection is for, and how many there may be: who waits takes no place of who does not. All of
    them fit into the files that `MAX_CONNECTIONS` leaves."""

    CHECK = "check", 64
    READ = "read", 128
    READ_LATER = "read once a position is reached", 128
    OUTCOME = "outcome", 128

    def session(self, token: str) -> aiohttp.ClientSession:
        """It sends the question and nothing else: the store has no cookies and one form of each answer."""
        return aiohttp.ClientSession(
            headers=authorization(token),
            connector=aiohttp.TCPConnector(limit=self.value[1]),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        )


class HttpStore:
    """Usable while entered."""

    def __init__(self, url: str, token: str) -> None:
        """`token`: the SERVICE_TOKEN."""
        self._url = url.rstrip("/")
        self._token = token
        self._sessions: dict[_Purpose, aiohttp.ClientSession] = {}
        self._refused = False
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for purpose in _Purpose:
            self._sessions[purpose] = await self._stack.enter_async_context(purpose.session(self._token))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, until: Until | None = None
    ) -> Answer:
        asked = {"user": user, "limit": str(limit)} | ({"page": page} if page else {})
        return await self._page("/conversations", asked, until)

    async def conversation(self, user: str, conversation: str, *, until: Until | None = None) -> Answer:
        return await self._page(f"/conversations/{conversation}", {"user": user}, until)

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bounds: dict[str, int],
        until: Until | None = None,
    ) -> Answer:
        asked = {"user": user, "conversation": conversation, "limit": str(limit)}
        asked |= {name: str(bound) for name, bound in bounds.items()}
        return await self._page("/history", asked, until)

    async def sync(self, user: str, cursor: str | None, *, limit: int, until: Until | None = None) -> Answer:
        asked = {"user": user, "limit": str(limit)} | ({"cursor": cursor} if cursor is not None else {})
        return await self._page("/sync", asked, until)

    async def membership(self, user: str, conversation: str) -> Belongs:
        asked = {"user": user, "conversation": conversation}
        answer = _available(await self._get(_Purpose.CHECK, "/membership", asked, patience=_HASTE))
        if not answer.ok:
            raise Unavailable(f"membership: {answer.status}")
        told = orjson.loads(answer.body)
        return Belongs(told["member"], _progress(told))

    async def outcome(self, user: str, until: Until) -> Outcome | None:
        answer = _available(await self._get(_Purpose.OUTCOME, "/outcome", {"user": user}, until))
        if not answer.ok:
            return None
        told = orjson.loads(answer.body)
        return Outcome(told["outcome"], told.get("reason"), told.get("message"))

    async def progress(self) -> Progress:
        answer = _available(await self._get(_Purpose.CHECK, "/progress", {}))
        if not answer.ok:
            raise Unavailable(f"progress: {answer.status}")
        return _progress(orjson.loads(answer.body))

    async def _page(self, path: str, asked: dict[str, str], until: Until | None) -> Answer:
        purpose = _Purpose.READ_LATER if until is not None and until.wait else _Purpose.READ
        return _available(await self._get(purpose, path, asked, until))

    async def _get(
        self,
        purpose: _Purpose,
        path: str,
        asked: dict[str, str],
        until: Until | None = None,
        *,
        patience: float = _PATIENCE,
    ) -> Answer:
        if until is not None:
            position = {"position": until.position} if until.position is not None else {}
            asked = asked | position | {"wait": f"{until.wait:g}"}
        deadline = aiohttp.ClientTimeout(total=patience + (until.wait if until else 0))
        try:
            session = self._sessions[purpose]
            async with session.get(self._url + path, params=asked, timeout=deadline) as response:
                answer = Answer(response.status, await response.read())
        except (TimeoutError, aiohttp.ClientError) as error:
            raise (Away if _is_lost(error) else Unavailable)(repr(error)) from error
        self._note_refusal(answer.status)
        return answer

    def _note_refusal(self, status: int) -> None:
        """Log a wrong token once, until the store takes it."""
        refused = status in _REFUSALS
        if refused and not self._refused:
            log.error("store.refused", status=status, hint="do both have the same SERVICE_TOKEN?")
        self._refused = refused


def _progress(told: dict[str, Any]) -> Progress:
    return Progress(told["epoch"], tuple(told["offsets"]))


def _is_lost(error: Exception) -> bool:
    """Whether the connection was refused or reset. A limit of this process (open files, ports) is neither."""
    return isinstance(error, aiohttp.ServerDisconnectedError) or getattr(error, "errno", None) in _LOST


def _available(answer: Answer) -> Answer:
    if answer.status in _REFUSALS:
        raise Unavailable(f"the store answered {answer.status}")
    if answer.status >= 500 and not answer.behind:
        away = answer.code == "database_away"
        raise (Away if away else Unavailable)(f"the store answered {answer.status}")
    return answer
