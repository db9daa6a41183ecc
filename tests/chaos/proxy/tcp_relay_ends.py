"""The two ends of each connection that goes through a proxy, and the road between them.

`UP` is the way to the server, `DOWN` the way back.
"""

import asyncio
import random
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import cast

_Say = Callable[[], None]
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for zero seconds: closing sends RST."""


class Direction(Flag):
    UP = auto()
    DOWN = auto()
    BOTH = UP | DOWN


NO_DIRECTION = Direction(0)


@dataclass
class RelayState:
    """What is the same for all connections of a proxy."""

    target: int
    """A port."""
    rng: random.Random
    held: Direction = NO_DIRECTION
    resetting: bool = False
    latency: float = 0.0
    jitter: float = 0.0
    connections: set[tuple["Peer", "Peer"]] = field(default_factory=set)
    on_data: Callable[["Peer", Direction, bytes], None] | None = None
    """Is told of each piece, on its way."""

    def lateness(self) -> float:
        """Seconds that the next piece takes."""
        return self.latency + self.rng.random() * self.jitter

    def accepting(self) -> "Peer":
        """The end of a new connection at the client, which finds itself the other one at the server."""
        up, down = Peer(self, Direction.UP), Peer(self, Direction.DOWN)
        up.other, down.other = down, up
        return up


class Peer(asyncio.Protocol):
    """One end of a connection: hears what comes here and says it at the other end."""

    other: "Peer"

    def __init__(self, road: RelayState, way: Direction) -> None:
        self._road = road
        self._way = way
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._late: deque[_Say] = deque()
        """Heard and not said yet."""
        self._due = 0.0
        """When the last of them may be."""
        self._crowded = False
        self._finished = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop.call_soon(self._begin)  # until Python 3.11.4 reading begins after this call, paused or not

    def _begin(self) -> None:
        if self._transport is None:
            return
        if self._way is Direction.UP:
            self._transport.pause_reading()
            self._dialling = self._loop.create_task(self._dial())
        else:
            self._road.connections.add((self.other, self))
            self.heed()
            self.other.heed()

    def data_received(self, data: bytes) -> None:
        if self._road.on_data:
            self._road.on_data(self, self._way, data)
        self._pass(lambda: self.other.say(data))

    def eof_received(self) -> bool:
        self._pass(self.finish)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._road.connections -= {(self, self.other), (self.other, self)}
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
        if self._crowded or self._way & self._road.held:
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
            if not self._road.resetting:
                await self._loop.create_connection(lambda: self.other, "127.0.0.1", self._road.target)
                return
        except OSError:  # nobody listens there
            pass
        self.reset()

    def _pass(self, say: _Say) -> None:
        """After what was heard before it, which may be due and not said yet, and not before its time."""
        late = self._road.lateness()
        if not late and not self._late:
            say()
        else:
            self._due = max(self._due, self._loop.time() + late)
            self._late.append(say)
            self._loop.call_at(self._due, self._say_next)

    def _say_next(self) -> None:
        self._late.popleft()()
