"""What the parts of one load share."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.checker.history import History
from tests.chaos.load.population import Population


@dataclass(frozen=True)
class LoadContext:
    population: Population
    gateways: Sequence[str]
    rng: random.Random
    http: aiohttp.ClientSession
    history: History = field(default_factory=History)
    mean_lifetime: float = 4.0
    """Seconds after which a connection is closed by its client, in the mean; 0: never."""
    repeated: float = 0.0
    """The share of accepted sends that is repeated through all gateways at once."""
    refetched: float = 0.0
    """The share of received messages that is looked up in history at once."""

    def any_gateway(self) -> str:
        return self.rng.choice(self.gateways)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability
