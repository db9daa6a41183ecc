"""Checks a stack as a client would; /readyz of a gateway covers that process only, this all behind it."""

import asyncio
import time
from collections.abc import Iterable

import aiohttp

from deploy.local.errors import UserError

USER = "parley-probe"
TIMEOUT_SECONDS = 60.0
ATTEMPT_TIMEOUT_SECONDS = 10.0


async def wait_until_serving(
    gateways: Iterable[str],
    timeout: float = TIMEOUT_SECONDS,  # noqa: ASYNC109
    token: str = USER,
) -> None:
    """Return once every gateway (URLs) answers a query and syncs a WebSocket. Write nothing. `token` is
    USER's; with AUTH=dev the user id.

    Raises UserError, with what failed last, after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
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
        if response.ok:
            return None
        return f"conversations answered {response.status}: {await response.text()}"


async def _connect(session: aiohttp.ClientSession, gateway: str) -> str | None:
    """Sync a WebSocket; without the store that succeeds too, but `synced` has no cursor."""
    async with session.ws_connect(f"{gateway}/ws") as socket:
        async for message in socket:
            frame = message.json()
            if frame["type"] == "synced":
                return None if frame["cursor"] else "a socket is synced, but without a cursor"
        return f"a socket was closed with {socket.close_code}"
