"""Parley beside other servers, on the same machine, PostgreSQL settings, load and clock.

  w1     durable messages of two people: latency and CPU at fixed rates, and the knee at rising ones

Writes what it saw, round by round, with versions and settings, to bench/results/; `python -m bench.results`
makes the tables and plots of it.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from bench import results, side_by_side, stored, table
from bench.figures import Figures
from bench.peers.ejabberd import ejabberd
from bench.peers.synapse import synapse
from bench.plan import pairs
from bench.side_by_side import Race, knee
from bench.stored import Stored
from bench.target import Target, parley
from deploy.local.errors import UserError


@contextmanager
def _with_past(name: str, times: int) -> Iterator[Target]:
    """Parley with 200,000 messages in it, or so many times these."""
    with parley(name=name) as target:
        stored.write(target.stack.database, Stored().times(times))
        yield target


TARGETS: dict[str, Callable[[], AbstractContextManager[Target]]] = {
    "parley": parley,
    "parley-2-gateways": lambda: parley("--gateways=2", name="parley-2-gateways"),
    "parley-4-gateways": lambda: parley("--gateways=4", name="parley-4-gateways"),
    "parley-stored": lambda: _with_past("parley-stored", 1),
    "parley-stored-10": lambda: _with_past("parley-stored-10", 10),
    "ejabberd": ejabberd,
    "synapse": synapse,
}


def main() -> int:
    """The exit code."""
    chosen = _parser().parse_args()
    try:
        with ExitStack() as stack:
            print(f"starting {', '.join(chosen.targets)}", file=sys.stderr)
            _w1([stack.enter_context(TARGETS[name]()) for name in chosen.targets], chosen)
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _w1(targets: list[Target], chosen: argparse.Namespace) -> None:
    between = pairs(chosen.users, chosen.conversations)
    with side_by_side.benches(targets, between, chosen.seed) as sides:
        for side in sides:
            warm = side.round(side.target.warm, chosen.warm_up)
            print(side.name, *table.head(list(warm.cpu)), sep="\n", flush=True)
            _tell(side.name, warm)
        race = Race(sides, chosen.rounds, chosen.seconds, _tell)
        try:
            _run(race, chosen)
        finally:  # broken off, it keeps what it has
            results.keep(chosen.name, {target.name: target.settings() for target in targets}, race.told)
            for name, rounds in race.told.items():
                print(name, *results.lines(rounds), *_knee(chosen, rounds), sep="\n", flush=True)


def _run(race: Race, chosen: argparse.Namespace) -> None:
    if chosen.knee:
        race.rising(chosen.rates)
    else:
        for rate in chosen.rates:
            race.at(rate)


def _knee(chosen: argparse.Namespace, rounds: list[Figures]) -> list[str]:
    return [f"knee {knee(rounds):g}/s"] if chosen.knee else []


def _tell(name: str, found: Figures) -> None:
    print(f"{name:>18} {table.line(found)}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    both = ["parley", "ejabberd"]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("targets", nargs="*", default=both, metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--name", default="w1", help="of the file in bench/results/")
    parser.add_argument("--rates", type=_rates, default=[20, 200], metavar="N,N,…", help="messages a second")
    parser.add_argument("--knee", action="store_true", help="rising: each up to what it cannot carry")
    parser.add_argument("--seconds", type=float, default=10, help="of each round")
    parser.add_argument("--rounds", type=int, default=8, help="of each rate and target")
    parser.add_argument("--warm-up", type=float, default=60, metavar="SECONDS", help="not counted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--conversations", type=int, default=50)
    return parser


def _rates(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
