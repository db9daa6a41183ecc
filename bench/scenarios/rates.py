"""Messages of two people at given rates, to one server or to several in turn (W1, W8)."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from bench.load.plan import direct_conversations
from bench.measure.figures import Figures
from bench.scenarios.message_rounds import Race, message_sides
from bench.scenarios.scenario import Recorder, numbers, option, words
from bench.systems import seed_read_models
from bench.systems.parley import parley
from bench.systems.peers.ejabberd import ejabberd
from bench.systems.peers.synapse import synapse
from bench.systems.seed_read_models import Volume
from bench.systems.system import System


@contextmanager
def _parley_stored(name: str, times: int) -> Iterator[System]:
    """Parley with 200,000 messages in it, or so many times these."""
    with parley(name=name) as system:
        seed_read_models.write(system.stack.database, Volume().times(times))
        yield system


SYSTEMS: dict[str, Callable[[], AbstractContextManager[System]]] = {
    "parley": parley,
    "parley-2-gateways": lambda: parley("--gateways=2", name="parley-2-gateways"),
    "parley-4-gateways": lambda: parley("--gateways=4", name="parley-4-gateways"),
    "parley-stored": lambda: _parley_stored("parley-stored", 1),
    "parley-stored-10": lambda: _parley_stored("parley-stored-10", 10),
    "ejabberd": ejabberd,
    "synapse": synapse,
}
_FAULTS = ("lost", "doubled", "misordered", "rows_wrong")


@dataclass
class Rates:
    """Send messages at fixed rates, in an open loop.

    Latency counts from the moment for which a message was scheduled, so that a server that falls behind
    cannot hide it. A round counts only if nothing was lost, doubled, misordered or refused, the load
    generator was neither late nor saturated, the hypervisor took no more than 3 % of a core and other
    processes no more than 15 % of all of them. Fails when Parley lost, doubled or misordered something, or
    history is wrong.
    """

    name: str = option("", "of the file in bench/results/, to keep the rounds")
    system: str = option("parley", "to measure", choices=SYSTEMS)
    against: tuple[str, ...] = option((), f"peers, of {', '.join(SYSTEMS)}", words, metavar="NAME,…")
    rates: tuple[float, ...] = option(
        (50, 200, 800, 1600, 2500), "messages a second", numbers, metavar="N,N,…"
    )
    seconds: float = option(10.0, "of each round")
    rounds: int = option(1, "of each rate and system")
    warm_up: float = option(30.0, "seconds, not counted")
    seed: int = option(1, "of the schedule")
    users: int = option(100, "in all")
    conversations: int = option(50, "among them")
    drivers: int = option(1, "processes that send and receive, for each system")
    profile: str = option("", "a process of the system, or driver, to profile into bench/out/")

    def run(self, recorder: Recorder) -> None:
        with ExitStack() as stack:
            names = (self.system, *self.against)
            print(f"starting {', '.join(names)}", file=sys.stderr)
            systems = [stack.enter_context(SYSTEMS[name]()) for name in names]
            conversations = direct_conversations(self.users, self.conversations)
            sides = stack.enter_context(message_sides(systems, conversations, self.seed, self.drivers))
            for side in sides:
                recorder.settings[side.name] = side.system.settings()
                recorder.show(f"warm-up: {side.name}", side.round(side.system.warm_up_rate, self.warm_up))
            sides[0].profile = self.profile
            self._measure(Race(sides, self.rounds, self.seconds, recorder), recorder)

    def _measure(self, race: Race, recorder: Recorder) -> None:
        race.at(self.rates)
        for name, rounds in recorder.rounds.items():
            faults = sum(getattr(r, fault) for r in rounds for fault in _FAULTS if isinstance(r, Figures))
            if faults and name.startswith("parley"):
                recorder.failures.append(f"{name}: {faults} lost, doubled, misordered or wrong in history")


@dataclass
class Knee(Rates):
    """Raise the rate until p99 exceeds 250 ms or something is lost: the knee is the last rate below.

    Several systems climb side by side, in turn: `knee --against ejabberd`.
    """

    rates: tuple[float, ...] = option(
        (400, 800, 1000, 1200, 1400, 1600), "messages a second, rising", numbers, metavar="N,N,…"
    )
    rounds: int = option(8, "of each rate and system")
    warm_up: float = option(60.0, "seconds, not counted")

    def _measure(self, race: Race, recorder: Recorder) -> None:
        race.rising(self.rates)
