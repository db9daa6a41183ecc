"""When each message is due: an open loop, however slow the server is."""

import random
from typing import NamedTuple


class Sending(NamedTuple):
    at: float
    """Seconds after the round's beginning."""
    conversation: int
    """Its index."""
    sender: int
    """0 or 1: which of the first two members sends."""


def schedule(rate: float, seconds: float, conversations: int, seed: int) -> list[Sending]:
    """Poisson arrivals of `rate` a second, each in a conversation and by a sender drawn evenly.

    The same arguments give the same schedule.
    """
    random_source = random.Random(seed)
    sendings = []
    at = random_source.expovariate(rate)
    while at < seconds:
        conversation = random_source.randrange(conversations)
        sendings.append(Sending(at, conversation, int(random_source.random() >= 0.5)))
        at += random_source.expovariate(rate)
    return sendings
