"""Every class of fault once, on one cluster under load; `make faults` is the long form."""

import random
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from deploy.local.process import ROOT
from tests.chaos import report as table
from tests.chaos.chaos_run import SETTINGS, run_group
from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.faults.clock_skew import OFF, wrong_clock
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.network import between
from tests.chaos.faults.pauses import freeze
from tests.chaos.faults.poison import poison, poisons
from tests.chaos.faults.process_faults import at_failpoint, away, kill, quit_postgres, terminate
from tests.chaos.faults.rebuild import emptied

SEED = 7
RATE = 20.0


def _representative() -> list[Fault]:
    rng = random.Random(SEED)
    faults = [
        kill("projector"),
        kill("kafka"),
        quit_postgres(),
        terminate("gateway-2"),
        at_failpoint("projector-2", "projector.committed", rng.randint(1, 20)),
        at_failpoint("notifier", "notifier.told", rng.randint(1, 20)),
        freeze("notifier-2", 5.0),
        away(["projector", "gateway"], 1.0),
        between("gateway", "notifier", "black hole", lasts=4.0),
        wrong_clock("gateway-2", OFF, 2.0),
        emptied(),
        poison("chat.events", list(poisons()), rng),
        poison("chat.messages", list(poisons()), rng),
    ]
    rng.shuffle(faults)
    return faults


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with start_cluster(env={"*": SETTINGS}, proxied=True) as built:
        yield built


@pytest.mark.timeout(600)
async def test_every_promise_is_kept_through_every_class_of_fault(cluster: Cluster) -> None:
    told = await run_group(cluster, _representative(), SEED, RATE, users=16)
    print(table.markdown([told]))
    assert told.operations > 500
    assert told.faultless, cluster.log.read_text()[-20_000:]
    assert told.in_time


@pytest.mark.timeout(600)
def test_every_promise_is_kept_when_the_disk_of_postgresql_is_full() -> None:
    campaign = [sys.executable, "-m", "tests.chaos.chaos_suite", f"--seed={SEED}", f"--rate={RATE}"]
    done = subprocess.run(
        [*campaign, "--only=no space left for the log"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "no small disk can be mounted here" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
