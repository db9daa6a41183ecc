"""When each message is to be sent: an open loop, whatever the system makes of it."""

import random
from typing import NamedTuple


class Sending(NamedTuple):
    at: float
    """Seconds after the round's beginning."""
    pair: int
    """Index of the conversation."""
    by_a: bool


def schedule(rate: float, seconds: float, pairs: int, seed: int) -> list[Sending]:
    """Poisson arrivals of `rate` a second over `seconds`, each in a conversation and by a side drawn evenly.
    The same arguments give the same schedule."""
    chance = random.Random(seed)
    sendings = []
    at = chance.expovariate(rate)
    while at < seconds:
        sendings.append(Sending(at, chance.randrange(pairs), chance.random() < 0.5))
        at += chance.expovariate(rate)
    return sendings
