"""When sockets leave a gateway: evenly while it drains, and each at an age of its own.

A client learns of it by a `reconnect` frame with the delay after which to go, is served until then, and is
closed `MARGIN_SECONDS` later if it is still connected.
"""

import random

MARGIN_SECONDS = 1.5
"""From the delay in a `reconnect` frame to the close: for the jitter of the delay, and one round trip."""
_MIN_LEAVES_PER_SECOND = 10.0
"""Spreading fewer would only prolong the drain."""
_LEAST_AGE = 0.5
"""Share of the maximum age."""


def leave_delays(sockets: int, seconds: float) -> list[float]:
    """Return after how many seconds each of so many sockets leaves, evenly spread: the last one's margin ends
    within `seconds`."""
    if not sockets:
        return []
    interval = min(max(0.0, seconds - MARGIN_SECONDS) / sockets, 1 / _MIN_LEAVES_PER_SECOND)
    return [number * interval for number in range(sockets)]


def draw_age(max_age: float) -> float:
    """Return at what age a socket leaves, in seconds: any from half of `max_age` to all of it. Sockets that
    arrive together, as after a restart, so leave apart, and ever more so."""
    return max_age * random.uniform(_LEAST_AGE, 1.0)  # noqa: S311  # spreads reconnects
