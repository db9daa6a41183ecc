"""Who is killed is succeeded soon, and who is only slow is not.

The figures of the first go to tests/faults/out/failover-*.md.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import pytest

from deploy.local.supervisor.process import die_with_parent
from tests.faults import table
from tests.faults.clients import load
from tests.faults.deaths import kill
from tests.faults.group import Backstage
from tests.faults.house import House, house
from tests.faults.ordeal import SETTINGS, WARM, try_out
from tests.faults.stillness import freeze

PROMISED = 5.0
"""Seconds to the next delivery, in the median."""
RATE = 200.0
TIMES = 3
TOLD = {"projector.claimed", "partitions.assigned"}
"""What projectors and notifiers say when partitions are given out."""
BUSY = 60.0
"""Seconds."""


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("away", [0.0, 8.0], ids=["back at once", "away"])
async def test_who_is_killed_is_succeeded_within_five_seconds(away: float) -> None:
    names = [f"{kind}{number}" for kind in ("projector", "notifier", "gateway") for number in ("", "-2")]
    faults = [kill(name, away) for _ in range(TIMES) for name in names]
    async with house(env={"*": SETTINGS}) as home:
        told = await try_out(home, faults, 1, RATE, users=48)
        table.write([told], name=f"failover-{'away' if away else 'back'}")
        print(table.markdown([told]))
        assert told.faultless, home.log.read_text()[-20_000:]
    assert len(told.deliveries) == 3
    assert all(median(took) <= PROMISED for took in told.deliveries.values())


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_nobody_is_taken_for_dead_because_all_cores_are_busy() -> None:
    async with house(env={"*": SETTINGS}) as home:
        backstage = Backstage(home.kafka, home.database)
        async with load(home.gateways, 1, 100.0, name="busy", backstage=backstage) as running:
            await asyncio.sleep(WARM)
            before, delivered = _given_out(home), len(running.deliveries.all)
            with _busy():
                await asyncio.sleep(BUSY)
            assert _given_out(home) == before, home.log.read_text()[-20_000:]
            assert len(running.deliveries.all) > delivered + 1_000
            await _seen_when_somebody_is(home, before)
            await running.finish()
            assert running.ledger.unsettled == []


async def _seen_when_somebody_is(home: House, before: Counter[str]) -> None:
    """A projector and a notifier stand still for longer than is forgiven: others have their partitions."""
    async with freeze("projector").inflict(home), freeze("notifier").inflict(home), asyncio.timeout(20):
        while not all(_given_out(home)[event] > before[event] for event in TOLD):
            await asyncio.sleep(0.1)


def _given_out(home: House) -> Counter[str]:
    return Counter(
        event for event in re.findall(r'"event": "([\w.]+)"', home.log.read_text()) if event in TOLD
    )


@contextmanager
def _busy() -> Iterator[None]:
    """A loop for each core, beside everything."""
    command = [*die_with_parent(signal.SIGKILL), sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
