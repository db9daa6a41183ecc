"""Checks a stack as a client would; /readyz of a gateway covers that process only, this all behind it."""

import asyncio
import time
from collections.abc import Iterable
from http import HTTPStatus

import aiohttp

from deploy.local.errors import UserError

USER = "parley-probe"
UNAUTHENTICATED = 4401
TIMEOUT_SECONDS = 60.0
ATTEMPT_TIMEOUT_SECONDS = 10.0


async def wait_until_serving(gateways: Iterable[str], timeout: float = TIMEOUT_SECONDS) -> None:  # noqa: ASYNC109
    """Return once every gateway (URLs) answers a query and syncs a WebSocket; with AUTH=jwt, once it refuses
    both for want of a token. Write nothing.

    Raises UserError, with what failed last, after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    async with aiohttp.ClientSession() as session:
        for gateway in gateways:
            while (reason := await _attempt(session, gateway)) is not None:
                if time.monotonic() > deadline:
                    raise UserError(f"{gateway} does not serve clients after {timeout:.0f} s: {reason}")
                await asyncio.sleep(0.5)


async def _attempt(session: aiohttp.ClientSession, gateway: str) -> str | None:
    """Return what failed; None if all succeeded."""
    try:
        async with asyncio.timeout(ATTEMPT_TIMEOUT_SECONDS):
            return await _query(session, gateway) or await _connect(session, gateway)
    except TimeoutError:
        return f"no answer within {ATTEMPT_TIMEOUT_SECONDS:.0f} s"
    except (aiohttp.ClientError, OSError) as error:
        return str(error)


async def _query(session: aiohttp.ClientSession, gateway: str) -> str | None:
    async with session.get(f"{gateway}/messages/conversations", params={"meId": USER}) as response:
        if response.ok or response.status == HTTPStatus.UNAUTHORIZED:
            return None
        return f"conversations answered {response.status}: {await response.text()}"


async def _connect(session: aiohttp.ClientSession, gateway: str) -> str | None:
    """Sync a WebSocket; without the store that succeeds too, but `synced` has no cursor."""
    async with session.ws_connect(f"{gateway}/ws", params={"token": USER}) as socket:
        async for message in socket:
            frame = message.json()
            if frame["type"] == "synced":
                return None if frame["cursor"] else "a socket is synced, but without a cursor"
        refused = socket.close_code == UNAUTHENTICATED
        return None if refused else f"a socket was closed with {socket.close_code}"
