"""A TCP relay on loopback that injects network faults while connections go through it.

Without a fault, bytes are forwarded at once. A black hole pauses reading: what is in flight stays in the
kernel's buffers and arrives once the relay is healed, as it would by TCP's retransmissions.
"""

import asyncio
import random
import socket
import struct
from collections import deque
from collections.abc import Callable
from enum import Flag, auto
from typing import cast

_RST_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for zero seconds: closing sends RST."""


class Direction(Flag):
    UPSTREAM = auto()
    """From client to server."""
    DOWNSTREAM = auto()
    BOTH = UPSTREAM | DOWNSTREAM


class Relay:
    """Listens on `port` between `open` and `close`, and forwards to the port `target`."""

    def __init__(self, port: int, target: int, seed: int = 1) -> None:
        self.port = port
        self.target = target
        self.connections: set[tuple[Peer, Peer]] = set()
        """The client's and the server's side of each established connection."""
        self.held = Direction(0)
        self.is_resetting = False
        self.on_data: OnData | None = None
        self._latency = self._jitter = 0.0
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises OSError when the port is taken."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._accept, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Refuse new connections and reset the present ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reset_connections()

    refuse = close

    def observe_traffic(self, on_data: "OnData | None") -> None:
        """Call `on_data` with each piece from now on, and with the peer and direction that it came from."""
        self.on_data = on_data

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """Delay each piece by `seconds`, and up to `jitter` more; order is kept."""
        self._latency, self._jitter = seconds, jitter

    def black_hole(self, directions: Direction = Direction.BOTH) -> None:
        """Let nothing through in these directions, not even a FIN."""
        self.held = directions
        self._update_reading()

    def reset(self) -> None:
        """Reset all connections, and from now on each new one."""
        self.is_resetting = True
        self._reset_connections()

    def half_close(self, directions: Direction = Direction.UPSTREAM) -> None:
        """Send a FIN in these directions on each present connection."""
        for client, server in set(self.connections):
            for peer, direction in ((client, Direction.UPSTREAM), (server, Direction.DOWNSTREAM)):
                if direction & directions:
                    peer.forward_eof()

    async def heal(self) -> None:
        """End all faults; what was held is forwarded."""
        self.delay(0.0)
        self.is_resetting, self.held = False, Direction(0)
        await self.open()
        self._update_reading()

    def next_delay(self) -> float:
        """Seconds by which the next piece is delayed."""
        return self._latency + self._random.random() * self._jitter

    def _accept(self) -> "Peer":
        client, server = Peer(self, Direction.UPSTREAM), Peer(self, Direction.DOWNSTREAM)
        client.other, server.other = server, client
        return client

    def _update_reading(self) -> None:
        for connection in self.connections:
            for peer in connection:
                peer.update_reading()

    def _reset_connections(self) -> None:
        for connection in set(self.connections):
            for peer in connection:
                peer.reset()


class Peer(asyncio.Protocol):
    """One side of a relayed connection: forwards what it receives to the other side."""

    other: "Peer"

    def __init__(self, relay: Relay, direction: Direction) -> None:
        self._relay = relay
        self._direction = direction
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._delayed: deque[Callable[[], None]] = deque()
        self._last_due = 0.0
        self._other_is_full = False
        self._eof_forwarded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # Until Python 3.11.4 reading starts after this callback, paused or not.
        self._loop.call_soon(self._start)

    def data_received(self, data: bytes) -> None:
        if self._relay.on_data:
            self._relay.on_data(self, self._direction, data)
        self._forward(lambda: self.other.write(data))

    def eof_received(self) -> bool:
        self._forward(self.forward_eof)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._relay.connections -= {(self, self.other), (self.other, self)}
        self._transport = None
        if self._connecting:
            self._connecting.cancel()
        self._forward(self.other.reset if exc else self.other.close)

    def pause_writing(self) -> None:
        self.other.set_back_pressure(True)

    def resume_writing(self) -> None:
        self.other.set_back_pressure(False)

    def set_back_pressure(self, on: bool) -> None:
        self._other_is_full = on
        self.update_reading()

    def update_reading(self) -> None:
        """Pause or resume reading by the other side's back-pressure and the relay's black hole."""
        if self._transport is None or self.other._transport is None or self._transport.is_closing():
            return
        if self._other_is_full or self._direction & self._relay.held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport and not self.other._eof_forwarded and not self._transport.is_closing():
            self._transport.write(data)

    def forward_eof(self) -> None:
        """Send a FIN to the other side, which gets nothing more from here."""
        if not self._eof_forwarded:
            self._eof_forwarded = True
            if self.other._transport and not self.other._transport.is_closing():
                self.other._transport.write_eof()
        if self.other._eof_forwarded:
            self.close()
            self.other.close()

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def reset(self) -> None:
        if self._transport:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
            self._transport.abort()

    def _start(self) -> None:
        if self._transport is None:
            return
        if self._direction is Direction.UPSTREAM:
            self._transport.pause_reading()
            self._connecting = self._loop.create_task(self._connect())
        else:
            self._relay.connections.add((self.other, self))
            self.update_reading()
            self.other.update_reading()

    async def _connect(self) -> None:
        try:
            if not self._relay.is_resetting:
                await self._loop.create_connection(lambda: self.other, "127.0.0.1", self._relay.target)
                return
        except OSError:  # the server is down
            pass
        self.reset()

    def _forward(self, action: Callable[[], None]) -> None:
        """Run `action` after the pieces before it, and not before its delay has passed."""
        delay = self._relay.next_delay()
        if not delay and not self._delayed:
            action()
        else:
            self._last_due = max(self._last_due, self._loop.time() + delay)
            self._delayed.append(action)
            self._loop.call_at(self._last_due, self._run_next)

    def _run_next(self) -> None:
        self._delayed.popleft()()


OnData = Callable[[Peer, Direction, bytes], None]
