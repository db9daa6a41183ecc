"""When messages reach other clients: latency from the time at which each was due to be sent."""

import asyncio
from typing import NamedTuple


class Delivery(NamedTuple):
    """A client receives a message of another user for the first time. Times are the loop's."""

    due: float
    received: float
    conversation: str
    client: str
    live: bool
    """Not while catching up."""

    @property
    def latency(self) -> float:
        return self.received - self.due


class Deliveries:
    def __init__(self) -> None:
        self.all: list[Delivery] = []
        self._due: dict[str, tuple[float, str]] = {}
        self._received: set[tuple[str, str]] = set()

    def expect(self, text: str, conversation: str, due: float) -> None:
        self._due[text] = due, conversation

    def record(self, text: str, client: str, *, live: bool) -> None:
        if text in self._due and (text, client) not in self._received:
            self._received.add((text, client))
            due, conversation = self._due[text]
            now = asyncio.get_running_loop().time()
            self.all.append(Delivery(due, now, conversation, client, live))

    def latencies(self, last_seconds: float = 1.0) -> list[float]:
        """Seconds, of the live deliveries within the last seconds."""
        since = asyncio.get_running_loop().time() - last_seconds
        return [delivery.latency for delivery in self.all if delivery.live and delivery.received >= since]
