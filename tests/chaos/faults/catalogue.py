"""All faults by group, in the order in which a campaign goes through them."""

import random
from collections.abc import Callable, Iterable, Mapping

from tests.chaos.faults.clock_skew import wrong_clocks
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.full_disk import full_disks
from tests.chaos.faults.network import network_faults
from tests.chaos.faults.pauses import frozen
from tests.chaos.faults.poison import poisoned
from tests.chaos.faults.process_faults import (
    at_failpoints,
    killed,
    members_come_and_go,
    quit_postgres,
    terminated,
)
from tests.chaos.faults.rebuild import rebuilt

GROUPS: Mapping[str, Callable[[random.Random], Iterable[Fault]]] = {
    "kill9": lambda rng: killed(),
    "term": lambda rng: [*terminated(), quit_postgres()],
    "failpoint": at_failpoints,
    "freeze": lambda rng: frozen(),
    "rebalance": members_come_and_go,
    "clock": lambda rng: wrong_clocks(),
    "poison": poisoned,
    "disk": lambda rng: full_disks(),
    "rebuild": lambda rng: rebuilt(),
    "network": network_faults,
}


def faults_of(group: str, seed: int, repeat: int = 1) -> list[Fault]:
    """The same for the same seed, each `repeat` times, in a shuffled order."""
    rng = random.Random(f"{seed} {group}")
    faults = [fault for _ in range(repeat) for fault in GROUPS[group](rng)]
    rng.shuffle(faults)
    return faults
