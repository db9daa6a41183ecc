"""Client frames and WebSocket frames: valid ones from the contract, damaged."""

import asyncio
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e import access_rules
from tests.fuzz.http_bytes import Finding
from tests.fuzz.mutation import mutate

DEFINED_CLOSE_CODES = frozenset({1000, 1002, 1003, 1006, 1007, 1008, 1009, 1012, 4400, 4401, 4408, 4429})
"""1006: the connection ended without a close frame, as after a violation of the protocol."""
_OPCODES: Sequence[int] = (0, 1, 2, 3, 8, 9, 10, 11, 15)


def texts(random: Random, conversation: str) -> Iterator[bytes]:
    """Yield texts of frames without end."""
    frames = access_rules.frame_types()
    while True:
        valid = orjson.dumps(random.choice(frames).content(conversation, "ann"))
        yield valid if random.random() < 0.2 else mutate(random, valid)


async def send_texts(gateway: str, user: str, frames: Sequence[bytes]) -> int:
    """Send frames over one socket; return how many errors came back. Raises Finding."""
    url = f"{gateway.replace('http', 'ws', 1)}/ws?token={user}"
    async with connect(url, open_timeout=15, max_size=None) as socket:
        for frame in frames:
            with suppress(ConnectionClosed):
                try:
                    await socket.send(frame.decode())
                except UnicodeDecodeError:
                    await socket.send(frame)
        with suppress(ConnectionClosed):
            await socket.send('{"type":"fence","clientId":"fence"}')
            return await _errors(socket)
    _require_defined(socket.close_code, frames)
    return 0


async def send_bytes(port: int, user: str, data: bytes) -> None:
    """Open a WebSocket by hand and send bytes that need not be frames. Raises Finding."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"GET /ws?token={user} HTTP/1.1\r\nHost: localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head:
                raise Finding(f"no upgrade: {head!r}")
            received = b""
            with suppress(ConnectionError):
                writer.write(data)
                writer.write_eof()
                while part := await reader.read(65_536):
                    received += part
        if b"internal server error" in received or b"Traceback" in received:
            raise Finding(f"{data!r}: {received[:2_000]!r}")
    except TimeoutError:
        raise Finding(f"the socket stays open after {data[:200]!r}") from None
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def websocket_bytes(random: Random, conversation: str) -> bytes:
    """Return a few WebSocket frames, some of them invalid."""
    text = texts(random, conversation)
    data = b"".join(_frame(random, next(text)) for _ in range(random.randint(1, 6)))
    return mutate(random, data) if random.random() < 0.3 else data


def _frame(random: Random, payload: bytes) -> bytes:
    valid = random.random() < 0.6
    first = (
        0x81
        if valid
        else random.choice((0, 0x80)) | random.choice((0, 0, 0x40, 0x10)) | random.choice(_OPCODES)
    )
    masked = 0x80 if valid or random.random() < 0.8 else 0
    length = len(payload)
    if not valid and random.random() < 0.2:
        head = bytes([first, masked | 127]) + struct.pack("!Q", random.choice((0, 1, 2**31, 2**63)))
    elif length < 126:
        head = bytes([first, masked | length])
    else:
        head = bytes([first, masked | 126]) + struct.pack("!H", min(length, 65_535))
    mask = os.urandom(4) if masked else b""
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if masked else payload
    return head + mask + body


async def _errors(socket: ClientConnection) -> int:
    """Read until the answer to the last frame. Raises Finding when an error is the server's own fault."""
    errors = 0
    async with asyncio.timeout(20):
        while True:
            frame = orjson.loads(await socket.recv())
            if frame["type"] == "error":
                errors += 1
                if frame["message"] == "internal server error" or frame["code"] == "internal":
                    raise Finding(str(frame))
                if frame.get("clientId") == "fence":
                    return errors


def _require_defined(code: int | None, frames: Sequence[bytes]) -> None:
    if code not in DEFINED_CLOSE_CODES:
        raise Finding(f"closed with {code} after {frames!r}")
