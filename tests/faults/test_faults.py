"""Every class of fault once, on one house under load; `make faults` is the long form."""

import random
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from deploy.local.paths import ROOT
from tests.faults import table
from tests.faults.clocks import OFF, wrong_clock
from tests.faults.deaths import at_failpoint, away, kill, quit_postgres, terminate
from tests.faults.fault import Fault
from tests.faults.house import House, house
from tests.faults.network import between
from tests.faults.ordeal import SETTINGS, try_out
from tests.faults.poison import poison, poisons
from tests.faults.rebuild import emptied
from tests.faults.stillness import freeze

SEED = 7
RATE = 20.0


def _representative() -> list[Fault]:
    dice = random.Random(SEED)
    faults = [
        kill("projector"),
        kill("kafka"),
        quit_postgres(),
        terminate("gateway-2"),
        at_failpoint("projector-2", "projector.committed", dice.randint(1, 20)),
        at_failpoint("notifier", "notifier.dispatched", dice.randint(1, 20)),
        freeze("notifier-2", 5.0),
        away(["projector", "gateway"], 1.0),
        between("gateway", "notifier", "black hole", lasts=4.0),
        wrong_clock("gateway-2", OFF, 2.0),
        emptied(),
        poison("chat.events", list(poisons()), dice),
        poison("chat.messages", list(poisons()), dice),
    ]
    dice.shuffle(faults)
    return faults


@pytest.fixture
async def home() -> AsyncIterator[House]:
    async with house(env={"*": SETTINGS}, proxied=True) as built:
        yield built


@pytest.mark.timeout(600)
async def test_every_promise_is_kept_through_every_class_of_fault(home: House) -> None:
    told = await try_out(home, _representative(), SEED, RATE, users=16)
    print(table.markdown([told]))
    assert told.operations > 500
    assert told.faultless, home.log.read_text()[-20_000:]
    assert told.in_time


@pytest.mark.timeout(600)
def test_every_promise_is_kept_when_the_disk_of_postgresql_is_full() -> None:
    campaign = [sys.executable, "-m", "tests.faults.campaign", f"--seed={SEED}", f"--rate={RATE}"]
    done = subprocess.run(
        [*campaign, "--only=no space left for the log"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "no small disk can be mounted here" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
