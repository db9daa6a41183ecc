"""A killed process is succeeded soon, and a slow one is not.

The figures of the first test go to tests/chaos/out/failover-*.md.
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
from tests.chaos import report
from tests.chaos.chaos_run import SETTINGS, WARM_UP, run_group
from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.faults.process_faults import kill, pause
from tests.chaos.load.admin_client import Backend
from tests.chaos.load.load import start_load

MAX_FAILOVER_SECONDS = 5.0
"""To the next delivery, in the median."""
RATE = 200.0
REPEAT = 3
REBALANCED = {"projector.claimed", "partitions.assigned"}
"""What projectors and notifiers log when partitions are assigned."""
BUSY_SECONDS = 60.0


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("down_seconds", [0.0, 8.0], ids=["back at once", "down"])
async def test_a_killed_process_is_succeeded_within_five_seconds(down_seconds: float) -> None:
    names = [f"{kind}{number}" for kind in ("projector", "notifier", "gateway") for number in ("", "-2")]
    faults = [kill(name, down_seconds) for _ in range(REPEAT) for name in names]
    async with start_cluster(env={"*": SETTINGS}) as cluster:
        result = await run_group(cluster, faults, 1, RATE, users=48)
        report.write([result], name=f"failover-{'down' if down_seconds else 'back'}")
        print(report.markdown([result]))
        assert result.passed, cluster.log.read_text()[-20_000:]
    assert len(result.failovers) == 3
    assert all(median(seconds) <= MAX_FAILOVER_SECONDS for seconds in result.failovers.values())


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_busy_cores_cause_no_rebalance() -> None:
    async with start_cluster(env={"*": SETTINGS}) as cluster:
        backend = Backend(cluster.kafka, cluster.database)
        async with start_load(cluster.gateways, 1, 100.0, name="busy", backend=backend) as load:
            await asyncio.sleep(WARM_UP)
            before, delivered = _rebalances(cluster), len(load.deliveries.all)
            with _busy_cores():
                await asyncio.sleep(BUSY_SECONDS)
            assert _rebalances(cluster) == before, cluster.log.read_text()[-20_000:]
            assert len(load.deliveries.all) > delivered + 1_000
            await _expect_rebalances(cluster, before)
            await load.finish()
            assert load.history.unsettled == []


async def _expect_rebalances(cluster: Cluster, before: Counter[str]) -> None:
    """Pausing a projector and a notifier for longer than tolerated does move their partitions."""
    async with pause("projector").inject(cluster), pause("notifier").inject(cluster), asyncio.timeout(20):
        while not all(_rebalances(cluster)[event] > before[event] for event in REBALANCED):
            await asyncio.sleep(0.1)


def _rebalances(cluster: Cluster) -> Counter[str]:
    events = re.findall(r'"event": "([\w.]+)"', cluster.log.read_text())
    return Counter(event for event in events if event in REBALANCED)


@contextmanager
def _busy_cores() -> Iterator[None]:
    """A busy loop for each core."""
    command = [*die_with_parent(signal.SIGKILL), sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
