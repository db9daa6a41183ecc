"""A stretch of network that can be troubled while it is used: a TCP proxy on loopback.

`up` is the way to the server, `down` the way back. Without trouble bytes go on at once. What a black hole
holds stands in the kernel's buffers and arrives when it is healed, as TCP's repetitions would.
"""

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from enum import Flag, auto
from typing import cast

_Say = Callable[[], None]
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for zero seconds: closing sends RST."""


class Way(Flag):
    UP = auto()
    DOWN = auto()
    BOTH = UP | DOWN


class Proxy:
    """Listens on `port` from `open` to `close`, and passes on to `target`, a port as well."""

    def __init__(self, port: int, target: int, seed: int = 1) -> None:
        self.port = port
        self.target = target
        self.held = Way(0)
        self.resetting = False
        self.connections: set[tuple[_End, _End]] = set()
        self._latency = 0.0, 0.0
        self._dice = random.Random(seed)
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises OSError when the port is taken."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _accepting(self), "127.0.0.1", self.port)

    async def close(self) -> None:
        """Refuses whoever comes, and resets who is there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reset_all()

    refuse = close

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """From now on each piece takes so long, and up to `jitter` seconds more; their order stays."""
        self._latency = seconds, jitter

    def black_hole(self, ways: Way = Way.BOTH) -> None:
        """From now on nothing gets through these ways, not even the end of a connection."""
        self.held = ways
        self._heed()

    def reset(self) -> None:
        """Resets all connections, and from now on each new one."""
        self.resetting = True
        self._reset_all()

    def half_close(self, ways: Way = Way.UP) -> None:
        """Ends one way of each present connection, as if its sender had nothing more to say."""
        for up, down in set(self.connections):
            for end, way in ((up, Way.UP), (down, Way.DOWN)):
                if way & ways:
                    end.finish()

    async def heal(self) -> None:
        """No trouble from now on; what was held goes on."""
        self._latency, self.resetting, self.held = (0.0, 0.0), False, Way(0)
        await self.open()
        self._heed()

    def lateness(self) -> float:
        """Seconds that the next piece takes."""
        seconds, jitter = self._latency
        return seconds + self._dice.random() * jitter

    def _heed(self) -> None:
        for connection in self.connections:
            for end in connection:
                end.heed()

    def _reset_all(self) -> None:
        for up, down in set(self.connections):
            up.reset()
            down.reset()


def _accepting(proxy: Proxy) -> "_End":
    """The end of a new connection at the client, which finds itself the other one at the server."""
    up, down = _End(proxy, Way.UP), _End(proxy, Way.DOWN)
    up.other, down.other = down, up
    return up


class _End(asyncio.Protocol):
    """One end of a connection: hears what comes here and says it at the other end."""

    other: "_End"

    def __init__(self, proxy: Proxy, way: Way) -> None:
        self._proxy = proxy
        self._way = way
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._due = 0.0
        self._crowded = False
        self._finished = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._way is Way.UP:
            self._transport.pause_reading()
            self._dialling = self._loop.create_task(self._dial())
        else:
            self._proxy.connections.add((self.other, self))
            self.heed()
            self.other.heed()

    def data_received(self, data: bytes) -> None:
        self._pass(lambda: self.other.say(data))

    def eof_received(self) -> bool:
        self._pass(self.finish)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.connections -= {(self, self.other), (self.other, self)}
        self._transport = None
        if self._dialling:
            self._dialling.cancel()
        self._pass(self.other.reset if exc else self.other.end)

    def pause_writing(self) -> None:
        self.other.crowd(True)

    def resume_writing(self) -> None:
        self.other.crowd(False)

    def crowd(self, crowded: bool) -> None:
        """The other end cannot take more for now."""
        self._crowded = crowded
        self.heed()

    def heed(self) -> None:
        """Listens, or does not, as things are now."""
        if self._transport is None or self.other._transport is None or self._transport.is_closing():
            return
        if self._crowded or self._way & self._proxy.held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def say(self, data: bytes) -> None:
        if self._transport and not self.other._finished and not self._transport.is_closing():
            self._transport.write(data)

    def finish(self) -> None:
        """Nothing that is heard here is said any more at the other end, which is told so."""
        if not self._finished:
            self._finished = True
            if self.other._transport and not self.other._transport.is_closing():
                self.other._transport.write_eof()
        if self.other._finished:
            self.end()
            self.other.end()

    def end(self) -> None:
        if self._transport:
            self._transport.close()

    def reset(self) -> None:
        if self._transport:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()

    async def _dial(self) -> None:
        try:
            if not self._proxy.resetting:
                await self._loop.create_connection(lambda: self.other, "127.0.0.1", self._proxy.target)
                return
        except OSError:  # nobody listens there
            pass
        self.reset()

    def _pass(self, say: _Say) -> None:
        """After what was heard before it, and not before its time."""
        now, late = self._loop.time(), self._proxy.lateness()
        if not late and self._due < now:
            say()
        else:
            self._due = max(self._due + 1e-6, now + late)
            self._loop.call_at(self._due, say)
