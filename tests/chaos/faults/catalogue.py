"""All faults by group, in the order in which a chaos suite injects them."""

import random
from collections.abc import Callable, Iterable, Mapping

from tests.chaos.faults.clock_skew import clock_skews
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.full_disk import full_disks
from tests.chaos.faults.network import network_faults
from tests.chaos.faults.poison import poison_records
from tests.chaos.faults.process_faults import exits_at_failpoints, kills, pauses, rebalances, terminations
from tests.chaos.faults.rebuild import rebuilds

GROUPS: Mapping[str, Callable[[random.Random], Iterable[Fault]]] = {
    "kill9": lambda _: kills(),
    "term": lambda _: terminations(),
    "failpoint": exits_at_failpoints,
    "freeze": lambda _: pauses(),
    "rebalance": rebalances,
    "clock": lambda _: clock_skews(),
    "poison": poison_records,
    "disk": lambda _: full_disks(),
    "rebuild": lambda _: rebuilds(),
    "network": network_faults,
}


def faults_of(group: str, seed: int, repeat: int = 1) -> list[Fault]:
    """Each fault of a group `repeat` times, shuffled; the same for the same seed."""
    rng = random.Random(f"{seed} {group}")
    faults = [fault for _ in range(repeat) for fault in GROUPS[group](rng)]
    rng.shuffle(faults)
    return faults
