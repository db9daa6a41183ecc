"""Whether clients are served: /readyz of a gateway is about that process alone, this about all behind it."""

import asyncio
import time
from collections.abc import Iterable

import aiohttp

from deploy.local.errors import Failure

USER = "parley-probe"
TIMEOUT_SECONDS = 60.0
ATTEMPT_SECONDS = 10.0


async def served(gateways: Iterable[str], timeout: float = TIMEOUT_SECONDS) -> None:  # noqa: ASYNC109
    """Return once each of the gateways (URLs) answers a query and brings a WebSocket up to date. Writes
    nothing. Raises Failure, with what a client cannot do, after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    async with aiohttp.ClientSession() as session:
        for gateway in gateways:
            while (reason := await _attempt(session, gateway)) is not None:
                if time.monotonic() > deadline:
                    raise Failure(f"{gateway} does not serve clients after {timeout:.0f} s: {reason}")
                await asyncio.sleep(0.5)


async def _attempt(session: aiohttp.ClientSession, gateway: str) -> str | None:
    """What a client cannot do now; None if it can do all."""
    try:
        async with asyncio.timeout(ATTEMPT_SECONDS):
            return await _query(session, gateway) or await _connect(session, gateway)
    except TimeoutError:
        return f"no answer within {ATTEMPT_SECONDS:.0f} s"
    except (aiohttp.ClientError, OSError) as error:
        return str(error)


async def _query(session: aiohttp.ClientSession, gateway: str) -> str | None:
    async with session.get(f"{gateway}/messages/conversations", params={"meId": USER}) as answer:
        return None if answer.ok else f"conversations answered {answer.status}: {await answer.text()}"


async def _connect(session: aiohttp.ClientSession, gateway: str) -> str | None:
    """The store being away keeps no socket out, but then `synced` has no cursor."""
    async with session.ws_connect(f"{gateway}/ws", params={"token": USER}) as socket:
        async for message in socket:
            frame = message.json()
            if frame["type"] == "synced":
                return None if frame["cursor"] else "a socket is synced, but without a cursor"
        return f"a socket was closed with {socket.close_code}"
