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

_RESPONSE_TIMEOUT = 2.5  # seconds beyond what the store was asked to wait itself
_MEMBERSHIP_TIMEOUT = 0.9  # where a send waits for the answer, which has Kafka to wait for yet


_REFUSALS = (401, 403)
_LOST = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})


class StoreUnavailable(Exception):
    """The store does not answer, or says that it cannot."""


class StoreAway(StoreUnavailable):
    """The connection to the store was refused or reset, or the store cannot connect to its database. Never a
    time-out: load makes those."""


class StoreResponse(NamedTuple):
    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def is_behind(self) -> bool:
        """The projection has not come to the position asked for."""
        return self.status == 503 and self.code == "projection_behind"

    @property
    def code(self) -> str:
        """Of a problem document."""
        try:
            return str(orjson.loads(self.body)["code"])
        except (ValueError, KeyError, TypeError):
            return "unavailable"


class WaitFor(NamedTuple):
    """Answer once the projection is past `position`, and past the cursor that was sent, in at most `wait`
    seconds."""

    position: str | None
    wait: float


@dataclass(frozen=True)
class OutcomeAnswer:
    """What the fold made of one event."""

    outcome: str
    """entry, duplicate, rejected or skipped"""
    reason: str | None = None
    message: dict[str, Any] | None = None


@dataclass(frozen=True)
class ProjectionOffsets:
    """How far the projection is: per partition the next offset."""

    epoch: str
    offsets: tuple[int, ...]

    def is_behind(self, told: Mapping[int, int]) -> bool:
        """Is it behind what was told, per partition up to there? It is where its read models are being made
        anew, or after a failover to a database that was not as far."""
        return any(covers > self.offsets[partition] for partition, covers in told.items())


class MembershipAnswer(NamedTuple):
    """Whether a user is a member now, and how far the projection is that says so."""

    member: bool
    at: ProjectionOffsets


class StorePort(Protocol):
    """Every call raises Unavailable when the store does not answer, Away when it cannot. An Answer that is
    `behind` is an answer."""

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, wait_for: WaitFor | None = None
    ) -> StoreResponse: ...

    async def conversation(
        self, user: str, conversation: str, *, wait_for: WaitFor | None = None
    ) -> StoreResponse: ...

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bounds: dict[str, int],
        wait_for: WaitFor | None = None,
    ) -> StoreResponse: ...

    async def sync(
        self, user: str, cursor: str | None, *, limit: int, wait_for: WaitFor | None = None
    ) -> StoreResponse: ...

    async def membership(self, user: str, conversation: str) -> MembershipAnswer: ...

    async def outcome(self, user: str, wait_for: WaitFor) -> OutcomeAnswer | None:
        """None when the projection did not get there in time."""
        ...

    async def progress(self) -> ProjectionOffsets: ...


class _ConnectionPool(Enum):
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
        self._sessions: dict[_ConnectionPool, aiohttp.ClientSession] = {}
        self._refused = False
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for purpose in _ConnectionPool:
            self._sessions[purpose] = await self._stack.enter_async_context(purpose.session(self._token))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        asked = {"user": user, "limit": str(limit)} | ({"page": page} if page else {})
        return await self._page("/conversations", asked, wait_for)

    async def conversation(
        self, user: str, conversation: str, *, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        return await self._page(f"/conversations/{conversation}", {"user": user}, wait_for)

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bounds: dict[str, int],
        wait_for: WaitFor | None = None,
    ) -> StoreResponse:
        asked = {"user": user, "conversation": conversation, "limit": str(limit)}
        asked |= {name: str(bound) for name, bound in bounds.items()}
        return await self._page("/history", asked, wait_for)

    async def sync(
        self, user: str, cursor: str | None, *, limit: int, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        asked = {"user": user, "limit": str(limit)} | ({"cursor": cursor} if cursor is not None else {})
        return await self._page("/sync", asked, wait_for)

    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        asked = {"user": user, "conversation": conversation}
        answer = _available(
            await self._get(_ConnectionPool.CHECK, "/membership", asked, patience=_MEMBERSHIP_TIMEOUT)
        )
        if not answer.ok:
            raise StoreUnavailable(f"membership: {answer.status}")
        told = orjson.loads(answer.body)
        return MembershipAnswer(told["member"], _progress(told))

    async def outcome(self, user: str, wait_for: WaitFor) -> OutcomeAnswer | None:
        answer = _available(await self._get(_ConnectionPool.OUTCOME, "/outcome", {"user": user}, wait_for))
        if not answer.ok:
            return None
        told = orjson.loads(answer.body)
        return OutcomeAnswer(told["outcome"], told.get("reason"), told.get("message"))

    async def progress(self) -> ProjectionOffsets:
        answer = _available(await self._get(_ConnectionPool.CHECK, "/progress", {}))
        if not answer.ok:
            raise StoreUnavailable(f"progress: {answer.status}")
        return _progress(orjson.loads(answer.body))

    async def _page(self, path: str, asked: dict[str, str], wait_for: WaitFor | None) -> StoreResponse:
        purpose = (
            _ConnectionPool.READ_LATER if wait_for is not None and wait_for.wait else _ConnectionPool.READ
        )
        return _available(await self._get(purpose, path, asked, wait_for))

    async def _get(
        self,
        purpose: _ConnectionPool,
        path: str,
        asked: dict[str, str],
        wait_for: WaitFor | None = None,
        *,
        patience: float = _RESPONSE_TIMEOUT,
    ) -> StoreResponse:
        if wait_for is not None:
            position = {"position": wait_for.position} if wait_for.position is not None else {}
            asked = asked | position | {"wait": f"{wait_for.wait:g}"}
        deadline = aiohttp.ClientTimeout(total=patience + (wait_for.wait if wait_for else 0))
        try:
            session = self._sessions[purpose]
            async with session.get(self._url + path, params=asked, timeout=deadline) as response:
                answer = StoreResponse(response.status, await response.read())
        except (TimeoutError, aiohttp.ClientError) as error:
            raise (StoreAway if _is_lost(error) else StoreUnavailable)(repr(error)) from error
        self._note_refusal(answer.status)
        return answer

    def _note_refusal(self, status: int) -> None:
        """Log a wrong token once, until the store takes it."""
        refused = status in _REFUSALS
        if refused and not self._refused:
            log.error("store.refused", status=status, hint="do both have the same SERVICE_TOKEN?")
        self._refused = refused


def _progress(told: dict[str, Any]) -> ProjectionOffsets:
    return ProjectionOffsets(told["epoch"], tuple(told["offsets"]))


def _is_lost(error: Exception) -> bool:
    """Whether the connection was refused or reset. A limit of this process (open files, ports) is neither."""
    return isinstance(error, aiohttp.ServerDisconnectedError) or getattr(error, "errno", None) in _LOST


def _available(answer: StoreResponse) -> StoreResponse:
    if answer.status in _REFUSALS:
        raise StoreUnavailable(f"the store answered {answer.status}")
    if answer.status >= 500 and not answer.is_behind:
        away = answer.code == "database_away"
        raise (StoreAway if away else StoreUnavailable)(f"the store answered {answer.status}")
    return answer
