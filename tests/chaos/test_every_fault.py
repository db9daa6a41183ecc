"""Every kind of fault once, in one cluster under load; `make faults` is the long form."""

import random
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from deploy.local.paths import ROOT
from tests.chaos import report
from tests.chaos.chaos_run import SETTINGS, run_group
from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.faults.clock_skew import SKEW_SECONDS, clock_skew
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.network import network_fault
from tests.chaos.faults.poison import poison, poison_kinds
from tests.chaos.faults.process_faults import (
    kill,
    kill_at_failpoint,
    members_down,
    pause,
    quit_postgres,
    terminate,
)
from tests.chaos.faults.rebuild import rebuild

SEED = 7
RATE = 20.0


def _one_of_each_kind() -> list[Fault]:
    rng = random.Random(SEED)
    faults = [
        kill("projector"),
        kill("kafka"),
        quit_postgres(),
        terminate("gateway-2"),
        kill_at_failpoint("projector-2", "projector.committed", rng.randint(1, 20)),
        kill_at_failpoint("notifier", "notifier.dispatched", rng.randint(1, 20)),
        pause("notifier-2", 5.0),
        members_down(["projector", "gateway"], 1.0),
        network_fault("gateway", "notifier", "black hole", duration=4.0),
        clock_skew("gateway-2", SKEW_SECONDS, 2.0),
        rebuild(),
        poison("chat.events", list(poison_kinds()), rng),
        poison("chat.messages", list(poison_kinds()), rng),
    ]
    rng.shuffle(faults)
    return faults


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with start_cluster(env={"*": SETTINGS}, proxied=True) as cluster:
        yield cluster


@pytest.mark.timeout(600)
async def test_all_invariants_hold_through_every_kind_of_fault(cluster: Cluster) -> None:
    result = await run_group(cluster, _one_of_each_kind(), SEED, RATE, users=16)
    print(report.markdown([result]))
    assert result.operations > 500
    assert result.passed, cluster.log.read_text()[-20_000:]
    assert result.recovered_in_time


@pytest.mark.timeout(600)
def test_all_invariants_hold_when_the_disk_of_postgresql_is_full() -> None:
    suite = [sys.executable, "-m", "tests.chaos.chaos_suite", f"--seed={SEED}", f"--rate={RATE}"]
    done = subprocess.run(
        [*suite, "--only=no space left for the log"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "no small disk can be mounted here" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
