"""How one sees from outside that a process is ready: one attempt, bounded by a second."""

import asyncio
from collections.abc import Awaitable, Callable


def tcp(port: int) -> Callable[[], Awaitable[bool]]:
    """Ready when it accepts connections."""

    async def ready() -> bool:
        return await exchange(port, b"", 0) is not None

    return ready


def http(port: int, path: str = "/readyz") -> Callable[[], Awaitable[bool]]:
    """Ready when `path` answers 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()

    async def ready() -> bool:
        line = await exchange(port, request, 12)
        return line is not None and line.endswith(b" 200")

    return ready


async def exchange(port: int, request: bytes, length: int) -> bytes | None:
    """The first `length` bytes that answer `request`; None when there is no such answer within a second."""
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
