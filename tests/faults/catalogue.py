"""All faults by group, in the order in which a campaign goes through them."""

import random
from collections.abc import Callable, Iterable, Mapping

from tests.faults.clocks import wrong_clocks
from tests.faults.deaths import at_failpoints, killed, members_come_and_go, quit_postgres, terminated
from tests.faults.disk import full_disks
from tests.faults.fault import Fault
from tests.faults.network import troubles
from tests.faults.poison import poisoned
from tests.faults.rebuild import rebuilt
from tests.faults.stillness import frozen

GROUPS: Mapping[str, Callable[[random.Random], Iterable[Fault]]] = {
    "kill9": lambda dice: killed(),
    "term": lambda dice: [*terminated(), quit_postgres()],
    "failpoint": at_failpoints,
    "freeze": lambda dice: frozen(),
    "rebalance": members_come_and_go,
    "clock": lambda dice: wrong_clocks(),
    "poison": poisoned,
    "disk": lambda dice: full_disks(),
    "rebuild": lambda dice: rebuilt(),
    "network": troubles,
}


def faults_of(group: str, seed: int, repeat: int = 1) -> list[Fault]:
    """The same for the same seed, each `repeat` times, in a shuffled order."""
    dice = random.Random(f"{seed} {group}")
    faults = [fault for _ in range(repeat) for fault in GROUPS[group](dice)]
    dice.shuffle(faults)
    return faults
