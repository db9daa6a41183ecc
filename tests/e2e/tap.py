"""What goes over one connection of a stack, counted: requests by kind, and bytes."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.chaos.proxy.tcp_relay import Direction, Relay
from tests.chaos.proxy.tcp_relay_ends import Peer

Cut = Callable[[bytes], tuple[str, int] | None]
"""The kind and the length of the first whole message of some bytes; None while there is none."""


@dataclass
class Tap:
    """Counts from when it is opened; a connection must be between two messages then, or not there yet."""

    cut: Cut
    requests: Counter[str] = field(default_factory=Counter)
    """Whole messages to the server, by kind."""
    sizes: Counter[str] = field(default_factory=Counter)
    """Their bytes."""
    down: int = 0
    """Bytes back."""
    _rest: dict[Peer, bytes] = field(default_factory=dict)

    def hear(self, end: Peer, way: Direction, piece: bytes) -> None:
        if way is Direction.DOWN:
            self.down += len(piece)
            return
        heard = self._rest.pop(end, b"") + piece
        while found := self.cut(heard):
            kind, length = found
            self.requests[kind] += 1
            self.sizes[kind] += length
            heard = heard[length:]
        self._rest[end] = heard


@contextmanager
def tapped(proxy: Relay, cut: Cut) -> Iterator[Tap]:
    tap = Tap(cut)
    proxy.observe_traffic(tap.hear)
    try:
        yield tap
    finally:
        proxy.observe_traffic(None)


def kafka(heard: bytes) -> tuple[str, int] | None:
    """A request: its length, its kind (https://kafka.apache.org/protocol: Messages)."""
    names = {0: "produce", 1: "fetch", 8: "commit", 12: "heartbeat"}
    if len(heard) < 6 or len(heard) < 4 + (length := int.from_bytes(heard[:4], "big")):
        return None
    key = int.from_bytes(heard[4:6], "big")
    return names.get(key, str(key)), 4 + length


def postgres(heard: bytes) -> tuple[str, int] | None:
    """A message of a client that has said hello: a letter, its length (PostgreSQL 15, 55.7). `statement` is
    what makes the server run one: Execute or Query."""
    if len(heard) < 5 or len(heard) < 1 + (length := int.from_bytes(heard[1:5], "big")):
        return None
    kind = heard[:1].decode()
    return "statement" if kind in "EQ" else kind, 1 + length


def anything(heard: bytes) -> tuple[str, int] | None:
    """Bytes as they come."""
    return ("piece", len(heard)) if heard else None
