"""The client of the store API (`shared.internal.store_api`). Bodies for clients are passed on unparsed."""

import errno
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from enum import Enum
from typing import Any, NamedTuple, Protocol, Self

import aiohttp
import orjson
import structlog

from shared.http.service_token import authorization
from shared.internal import store_api
from shared.internal.store_api import (
    CallParams,
    ConversationParams,
    ConversationsParams,
    HistoryBound,
    HistoryParams,
    MembershipAnswer,
    MembershipParams,
    OutcomeAnswer,
    OutcomeParams,
    ProjectionOffsets,
    RedeemAnswer,
    RedeemParams,
    RevocationsPage,
    RevocationsParams,
    SyncParams,
)

log = structlog.get_logger()

_RESPONSE_TIMEOUT = 2.5  # seconds, beyond the `wait` of the call
_MEMBERSHIP_TIMEOUT = 0.9  # seconds; short, since the round trip to Kafka still follows

_UNAUTHORIZED = (401, 403)
_CONNECTION_LOST = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})


class StoreUnavailable(Exception):
    """The store does not answer, or answers that it cannot."""


class StoreAway(StoreUnavailable):
    """The connection to the store was refused or reset, or the store cannot connect to its database. Never a
    time-out, which load causes as well."""


class StoreResponse(NamedTuple):
    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def is_behind(self) -> bool:
        """The projection has not reached the position or cursor of the call."""
        return self.status == 503 and self.code == "projection_behind"

    @property
    def code(self) -> str:
        """The code of the problem document."""
        try:
            return str(orjson.loads(self.body)["code"])
        except (ValueError, KeyError, TypeError):
            return "unavailable"


class WaitFor(NamedTuple):
    """Answer once the projection is past `position`, and past the cursor of the call, within `seconds`."""

    position: str | None
    seconds: float


class StorePort(Protocol):
    """Every call raises StoreUnavailable when the store does not answer, StoreAway when it cannot. A response
    that `is_behind` is an answer."""

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
        bound: HistoryBound | None = None,
        wait_for: WaitFor | None = None,
    ) -> StoreResponse: ...

    async def sync(
        self, user: str, cursor: str | None, *, limit: int, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        """The body of an `ok` response is an encoded SyncPage."""
        ...

    async def membership(self, user: str, conversation: str) -> MembershipAnswer: ...

    async def outcome(self, user: str, position: str, seconds: float) -> OutcomeAnswer | None:
        """None when the projection does not reach the position within `seconds`."""
        ...

    async def progress(self) -> ProjectionOffsets: ...

    async def revocations(self, since: str, after: str | None) -> RevocationsPage:
        """Return users with a revocation since that time (RFC 3339), by user id, from beyond `after`, each
        with the latest."""
        ...

    async def redeem_ticket(self, ticket_id: str, expires_at: str) -> bool:
        """Use the ticket up; False when it was used before. `expires_at`: RFC 3339. After StoreUnavailable it
        may be used up."""
        ...


class _Pool(Enum):
    """Connections by purpose, with their maximum, so that calls that wait leave room for those that do not.
    All of them fit into the open files that `MAX_CONNECTIONS` leaves."""

    CHECK = "checks", 64
    READ = "reads", 128
    READ_LATER = "reads that wait for a position", 128
    OUTCOME = "outcomes", 128

    def session(self, token: str, tls: ssl.SSLContext | None) -> aiohttp.ClientSession:
        """No cookies, and no headers that the store does not read."""
        return aiohttp.ClientSession(
            headers={**authorization(token), **store_api.HEADERS},
            connector=aiohttp.TCPConnector(limit=self.value[1], ssl=tls or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        )


class HttpStore:
    """Usable while entered."""

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None = None) -> None:
        """`token`: the SERVICE_TOKEN. With `tls` an https:// store must have a certificate that it trusts."""
        self._url = url.rstrip("/")
        self._token = token
        self._tls = tls
        self._sessions: dict[_Pool, aiohttp.ClientSession] = {}
        self._refusal: str | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for pool in _Pool:
            self._sessions[pool] = await self._stack.enter_async_context(pool.session(self._token, self._tls))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def conversations(
        self, user: str, *, limit: int, page: str | None = None, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        return await self._read(ConversationsParams(user=user, limit=limit, page=page, **_fields(wait_for)))

    async def conversation(
        self, user: str, conversation: str, *, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        return await self._read(ConversationParams(user=user, conversation=conversation, **_fields(wait_for)))

    async def history(
        self,
        user: str,
        conversation: str,
        *,
        limit: int,
        bound: HistoryBound | None = None,
        wait_for: WaitFor | None = None,
    ) -> StoreResponse:
        fields = _fields(wait_for) | ({} if bound is None else {bound.side: bound.seq})
        return await self._read(HistoryParams(user=user, conversation=conversation, limit=limit, **fields))

    async def sync(
        self, user: str, cursor: str | None, *, limit: int, wait_for: WaitFor | None = None
    ) -> StoreResponse:
        return await self._read(SyncParams(user=user, cursor=cursor, limit=limit, **_fields(wait_for)))

    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        params = MembershipParams(user=user, conversation=conversation)
        path, query = params.encode()
        response = await self._request(_Pool.CHECK, path, query, _MEMBERSHIP_TIMEOUT)
        if not response.ok:
            raise StoreUnavailable(f"membership: {response.status}")
        return MembershipAnswer.decode(response.body)

    async def outcome(self, user: str, position: str, seconds: float) -> OutcomeAnswer | None:
        response = await self._call(_Pool.OUTCOME, OutcomeParams(user=user, position=position, wait=seconds))
        return OutcomeAnswer.decode(response.body) if response.ok else None

    async def progress(self) -> ProjectionOffsets:
        response = await self._request(_Pool.CHECK, store_api.PROGRESS_PATH, {}, _RESPONSE_TIMEOUT)
        if not response.ok:
            raise StoreUnavailable(f"progress: {response.status}")
        return ProjectionOffsets.decode(response.body)

    async def revocations(self, since: str, after: str | None) -> RevocationsPage:
        path, query = RevocationsParams(**_given(since=since, after=after)).encode()
        response = await self._request(_Pool.CHECK, path, query, _RESPONSE_TIMEOUT)
        if not response.ok:
            raise StoreUnavailable(f"revocations: {response.status}")
        return RevocationsPage.decode(response.body)

    async def redeem_ticket(self, ticket_id: str, expires_at: str) -> bool:
        path, query = RedeemParams(id=ticket_id, expires_at=expires_at).encode()
        response = await self._request(_Pool.CHECK, path, query, _RESPONSE_TIMEOUT, method="POST")
        if not response.ok:
            raise StoreUnavailable(f"redeem: {response.status}")
        return RedeemAnswer.decode(response.body).is_redeemed

    async def _read(self, params: CallParams) -> StoreResponse:
        return await self._call(_Pool.READ_LATER if params.wait else _Pool.READ, params)

    async def _call(self, pool: _Pool, params: CallParams) -> StoreResponse:
        path, query = params.encode()
        return await self._request(pool, path, query, _RESPONSE_TIMEOUT + params.wait)

    async def _request(
        self, pool: _Pool, path: str, query: dict[str, str], seconds: float, *, method: str = "GET"
    ) -> StoreResponse:
        """Raises StoreUnavailable, StoreAway."""
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._sessions[pool].request(
                method, self._url + path, params=query, timeout=timeout
            ) as received:
                response = StoreResponse(received.status, await received.read())
                refusal = _refusal(response, received.headers)
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            self._note(f"the store is not trusted: check INTERNAL_CA_FILE and its TLS_CERT_FILE: {error}")
            raise StoreUnavailable("the store is not trusted") from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise (StoreAway if _is_connection_lost(error) else StoreUnavailable)(repr(error)) from error
        self._note(refusal)
        if refusal is not None:
            raise StoreUnavailable(refusal)
        if response.status >= 500 and not response.is_behind:
            away = response.code == "database_away"
            raise (StoreAway if away else StoreUnavailable)(f"the store answered {response.status}")
        return response

    def _note(self, refusal: str | None) -> None:
        """Log a refusal once, until the store answers again."""
        if refusal is not None and refusal != self._refusal:
            log.error("store.refused", reason=refusal)
        self._refusal = refusal


def _given(**fields: str | None) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _fields(wait_for: WaitFor | None) -> dict[str, Any]:
    return {} if wait_for is None else {"position": wait_for.position, "wait": wait_for.seconds}


def _refusal(response: StoreResponse, headers: Mapping[str, str]) -> str | None:
    """Return why the store and this gateway cannot work together, whatever the call; None if they can."""
    if response.status in _UNAUTHORIZED:
        return f"the store answered {response.status}: do both have the same SERVICE_TOKEN?"
    if response.ok:
        return store_api.mismatch(headers)
    if response.status == 400 and response.code == "protocol_mismatch":
        return f"the store refused protocol {store_api.PROTOCOL} of the store API; upgrade both"
    return None


def _is_connection_lost(error: Exception) -> bool:
    """Whether the connection was refused or reset. A limit of this process (open files, ports) is neither."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return True
    return getattr(error, "errno", None) in _CONNECTION_LOST
