"""When messages reach others: from the moment in which they were meant to be sent, on one clock."""

import asyncio
from typing import NamedTuple


class Delivery(NamedTuple):
    """A device sees a message of another for the first time."""

    began: float
    """When the message was meant to be sent."""
    seen: float
    conversation: str
    device: str
    live: bool
    """Not in catching up after the device had been away."""


class Deliveries:
    def __init__(self) -> None:
        self.all: list[Delivery] = []
        self._began: dict[str, tuple[float, str]] = {}
        self._seen: set[tuple[str, str]] = set()

    def begin(self, text: str, conversation: str, began: float) -> None:
        self._began[text] = began, conversation

    def see(self, text: str, device: str, *, live: bool) -> None:
        if text in self._began and (text, device) not in self._seen:
            self._seen.add((text, device))
            began, conversation = self._began[text]
            now = asyncio.get_running_loop().time()
            self.all.append(Delivery(began, now, conversation, device, live))

    def latencies(self, last: float = 1.0) -> list[float]:
        """Seconds that each live delivery took that was made within the `last` seconds."""
        since = asyncio.get_running_loop().time() - last
        return [each.seen - each.began for each in self.all if each.live and each.seen >= since]
