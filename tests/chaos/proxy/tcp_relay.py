"""A stretch of network that can be troubled while it is used: a TCP proxy on loopback.

Without condition bytes go on at once. What a black hole holds stands in the kernel's buffers and arrives when
it is healed, as TCP's repetitions would.
"""

import asyncio
import random
from collections.abc import Callable

from tests.chaos.proxy.tcp_relay_ends import NO_DIRECTION, Direction, Peer, RelayState

__all__ = ["Direction", "Relay"]


class Relay:
    """Listens on `port` from `open` to `close`, and passes on to `target`, a port as well."""

    def __init__(self, port: int, target: int, seed: int = 1) -> None:
        self.port = port
        self._road = RelayState(target, random.Random(seed))
        self._server: asyncio.Server | None = None

    @property
    def target(self) -> int:
        return self._road.target

    @property
    def connections(self) -> set[tuple[Peer, Peer]]:
        """Each by its end at the client, and its end at the server."""
        return self._road.connections

    async def open(self) -> None:
        """Raises OSError when the port is taken."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._road.accepting, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Refuses whoever comes, and resets who is there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reset_all()

    refuse = close

    def observe_traffic(self, told: Callable[[Peer, Direction, bytes], None] | None) -> None:
        """From now on `told` hears each piece, with the end that it came to and its way."""
        self._road.on_data = told

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """From now on each piece takes so long, and up to `jitter` seconds more; their order stays."""
        self._road.latency, self._road.jitter = seconds, jitter

    def black_hole(self, ways: Direction = Direction.BOTH) -> None:
        """From now on nothing gets through these ways, not even the end of a connection."""
        self._road.held = ways
        self._heed()

    def reset(self) -> None:
        """Resets all connections, and from now on each new one."""
        self._road.resetting = True
        self._reset_all()

    def half_close(self, ways: Direction = Direction.UP) -> None:
        """Ends one way of each present connection, as if its sender had nothing more to say."""
        for up, down in set(self.connections):
            for end, way in ((up, Direction.UP), (down, Direction.DOWN)):
                if way & ways:
                    end.finish()

    async def heal(self) -> None:
        """No condition from now on; what was held goes on."""
        self.delay(0.0)
        self._road.resetting, self._road.held = False, NO_DIRECTION
        await self.open()
        self._heed()

    def _heed(self) -> None:
        for connection in self.connections:
            for end in connection:
                end.heed()

    def _reset_all(self) -> None:
        for up, down in set(self.connections):
            up.reset()
            down.reset()
