"""Counts the traffic of one connection of a stack: requests by kind, and bytes."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chaos.proxy.tcp_relay import Direction, Peer, Relay

Cut = Callable[[bytes], tuple[str, int] | None]
"""Returns kind and length of the first complete message in some bytes; None while it is incomplete."""


@dataclass
class Tap:
    """Counts from when it is attached, which must be between two messages or before the connection."""

    cut: Cut
    requests: Counter[str] = field(default_factory=Counter)
    """Complete messages to the server, by kind."""
    sizes: Counter[str] = field(default_factory=Counter)
    """Their bytes."""
    down: int = 0
    """Bytes from the server."""
    _rest: dict[Peer, bytes] = field(default_factory=dict)

    def on_data(self, peer: Peer, direction: Direction, data: bytes) -> None:
        if direction is Direction.DOWNSTREAM:
            self.down += len(data)
            return
        received = self._rest.pop(peer, b"") + data
        while message := self.cut(received):
            kind, length = message
            self.requests[kind] += 1
            self.sizes[kind] += length
            received = received[length:]
        self._rest[peer] = received


@contextmanager
def tapped(relay: Relay, cut: Cut) -> Iterator[Tap]:
    tap = Tap(cut)
    relay.observe_traffic(tap.on_data)
    try:
        yield tap
    finally:
        relay.observe_traffic(None)


def kafka(received: bytes) -> tuple[str, int] | None:
    """A request: its kind and length (https://kafka.apache.org/protocol: Messages)."""
    names = {0: "produce", 1: "fetch", 8: "commit", 12: "heartbeat"}
    if len(received) < 6 or len(received) < 4 + (length := int.from_bytes(received[:4], "big")):
        return None
    key = int.from_bytes(received[4:6], "big")
    return names.get(key, str(key)), 4 + length


def postgres(received: bytes) -> tuple[str, int] | None:
    """A message of a client after its handshake: a letter and a length (PostgreSQL 15, 55.7). `statement` is
    Execute or Query, which make the server run one."""
    if len(received) < 5 or len(received) < 1 + (length := int.from_bytes(received[1:5], "big")):
        return None
    kind = received[:1].decode()
    return "statement" if kind in "EQ" else kind, 1 + length


def anything(received: bytes) -> tuple[str, int] | None:
    """Each piece of bytes as it arrives."""
    return ("piece", len(received)) if received else None
