"""Starts a stack of its own and sends it messages at rising rates, in an open loop.

Latency is counted from the moment for which a message was scheduled, so that a system that falls behind
cannot hide it. A round counts only if nothing was lost, doubled, misordered or refused, the driver was
neither late nor saturated, the hypervisor took no more than 3 % of a core and other processes no more than
15 % of all of them.
"""

import argparse
import sys
from pathlib import Path

from pydantic import TypeAdapter

from bench import table
from bench.figures import Figures, middle
from bench.plan import pairs
from bench.rounds import Bench, drivers, plan, rates_in_turn
from bench.target import parley
from deploy.local.errors import UserError

RATES = (50.0, 200.0, 800.0, 1600.0, 2500.0)


def main() -> int:
    """The exit code: 0 unless something was lost, doubled, misordered or wrong in history. A round that was
    merely disturbed says so itself."""
    chosen = _parser().parse_args()
    try:
        told = _measure(chosen)
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if chosen.json:
        chosen.json.write_bytes(TypeAdapter(list[Figures]).dump_json(told, indent=1) + b"\n")
    return 1 if any(e.lost or e.doubled or e.misordered or e.rows_wrong for e in told) else 0


def _measure(chosen: argparse.Namespace) -> list[Figures]:
    between = pairs(chosen.users, chosen.conversations)
    print("starting a stack", file=sys.stderr)
    with parley() as target, drivers(chosen.drivers, plan(target, between)) as driving:
        bench = Bench(target, driving, between, chosen.seed)
        warm = bench.round(bench.target.warm, chosen.warm_up)
        bench.profile = chosen.profile
        told = _rounds(bench, warm, chosen)
    for file in bench.files:
        print(f"profile: {file}")
    return told


def _rounds(bench: Bench, warm: Figures, chosen: argparse.Namespace) -> list[Figures]:
    _print(*table.head(list(warm.cpu)))
    told = []
    for rate in rates_in_turn(chosen.rates, chosen.rounds):
        told.append(bench.round(rate, chosen.seconds))
        _print(table.line(told[-1]))
    if chosen.rounds > 1:
        _print("the middle round of each rate:")
        _print(*(table.line(middle([each for each in told if each.rate == rate])) for rate in chosen.rates))
    return told


def _print(*lines: str) -> None:
    print("\n".join(lines), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rates", type=_rates, default=RATES, metavar="N,N,…", help="messages a second")
    parser.add_argument("--seconds", type=float, default=10, help="of each round")
    parser.add_argument("--rounds", type=int, default=1, help="of each rate, in turn")
    parser.add_argument("--warm-up", type=float, default=30, metavar="SECONDS", help="not counted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--drivers", type=int, default=1, help="processes that send and receive")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures of each round")
    processes = ("gateway", "projector", "notifier", "store", "driver")
    parser.add_argument("--profile", choices=processes, help="look into this process, into bench/out/")
    return parser


def _rates(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
