"""Faults, one after the other, in a house under load; then the judgement of every promise.

    python -m tests.faults.campaign --only kill9 --repeat 9 --rate 200

Each group of faults has a house and a population of its own, so that a broken promise names its group. The
same seed gives the same faults in the same order. The tables go to tests/faults/out/, with the log of each
house in which something went wrong.
"""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import structlog

from deploy.local.errors import UserError
from shared.runtime.open_files import raise_limit
from tests.faults import small_disk, table
from tests.faults.catalogue import GROUPS, faults_of
from tests.faults.fault import Fault
from tests.faults.house import house
from tests.faults.ordeal import SETTINGS, try_out
from tests.faults.outcome import Judged


def main() -> int:
    """The exit code: 0 when every promise was kept and every recovery in time."""
    chosen = _parser().parse_args()
    plan = _plan(chosen)
    if chosen.list:
        print(*(str(fault) for faults in plan.values() for fault in faults), sep="\n")
        return 0
    _quiet()
    raise_limit()
    began = time.monotonic()
    with _disk("disk" in plan) as disk:
        judged = asyncio.run(_all(plan, chosen, disk))
    print(table.markdown(judged))
    print(f"{sum(len(each.suffered) for each in judged)} faults in {time.monotonic() - began:.0f} s")
    return 0 if judged and all(each.faultless and each.in_time for each in judged) else 1


def _quiet() -> None:
    """That Kafka is away is no news here, nor that the judge's replay buries poison. Told to stop, it stops
    as on Ctrl-C, and leaves nothing behind."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _plan(chosen: argparse.Namespace) -> Mapping[str, Sequence[Fault]]:
    """By group. `--only` names groups, or words of the names of faults."""
    found = {group: faults_of(group, chosen.seed, chosen.repeat) for group in GROUPS}
    words = [word for word in chosen.only.split(",") if word]
    chosen_of = {
        group: [f for f in faults if not words or group in words or any(word in f.name for word in words)]
        for group, faults in found.items()
    }
    return {group: faults for group, faults in chosen_of.items() if faults}


@contextmanager
def _disk(wanted: bool) -> Iterator[Path | None]:
    """A small disk, where this machine lets us have one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-disk-")))
        folder.chmod(0o711)
        try:
            if wanted:
                stack.enter_context(small_disk.mounted(folder))
        except OSError as error:
            print(f"disk: left out, no small disk can be mounted here: {error}", file=sys.stderr)
            wanted = False
        yield folder if wanted else None


async def _all(
    plan: Mapping[str, Sequence[Fault]], chosen: argparse.Namespace, disk: Path | None
) -> list[Judged]:
    judged: list[Judged] = []
    for group, faults in plan.items():
        if group == "disk" and disk is None:
            continue
        print(f"{group}: {len(faults)} faults", file=sys.stderr, flush=True)
        judged.append(await _group(group, faults, chosen, disk))
        table.write(judged)
    return judged


async def _group(
    group: str, faults: Sequence[Fault], chosen: argparse.Namespace, disk: Path | None
) -> Judged:
    proxied, own_disk = group == "network", disk if group == "disk" else None
    async with house(env={"*": SETTINGS}, proxied=proxied, disk=own_disk) as home:
        try:
            told = await try_out(home, faults, chosen.seed, chosen.rate, users=chosen.users)
        except BaseException:
            _keep(home.log, group)
            raise
        if not (told.faultless and told.in_time):
            _keep(home.log, group)
        return told


def _keep(log: Path, group: str) -> None:
    table.OUT.mkdir(exist_ok=True)
    shutil.copy(log, table.OUT / f"{group}.log")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="NAME,…", help=f"of {', '.join(GROUPS)}, or of faults")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="each fault (default: once)")
    parser.add_argument("--rate", type=float, default=60.0, help="messages a second (default: %(default)s)")
    parser.add_argument("--users", type=int, default=24, help="in each population (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="say which faults, and do nothing")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as failure:
        print(f"faults: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
