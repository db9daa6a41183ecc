"""Readiness checks over TCP and HTTP: one attempt each, bounded by a second."""

import asyncio
from collections.abc import Awaitable, Callable


def tcp(port: int) -> Callable[[], Awaitable[bool]]:
    """Return a check that passes when the port accepts connections."""

    async def is_ready() -> bool:
        return await exchange(port, b"", 0) is not None

    return is_ready


def http(port: int, path: str = "/readyz") -> Callable[[], Awaitable[bool]]:
    """Return a check that passes when `path` answers 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()

    async def is_ready() -> bool:
        status_line = await exchange(port, request, 12)
        return status_line is not None and status_line.endswith(b" 200")

    return is_ready


async def exchange(port: int, request: bytes, length: int) -> bytes | None:
    """Send `request` and return the first `length` bytes of the response; None on failure or after 1 s."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request)
                return await reader.readexactly(length)
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError):
        return None
