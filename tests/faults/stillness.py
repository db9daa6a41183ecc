"""Processes that stand still for longer than anybody waits for them, and then go on as if nothing was."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tests.faults.deaths import EVERYTHING
from tests.faults.fault import Fault
from tests.faults.residents import House

LONGER = 6.0
"""Seconds: above both groups' session time-out and the gateway's patience with Kafka and the store."""


def frozen() -> Iterator[Fault]:
    for name in EVERYTHING:
        yield freeze(name)


def freeze(name: str, lasts: float = LONGER) -> Fault:
    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        house.freeze(name)
        try:
            yield
        finally:
            house.thaw(name)

    return Fault("freeze", f"{name} stands still", inflict, lasts)
