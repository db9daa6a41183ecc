"""Inject faults, one after the other, into a cluster under load; then check every promise.

    python -m tests.chaos.chaos_suite --only kill9 --repeat 9 --rate 200

Each group of faults has its own cluster and population, so that a violation names its group. The same seed
gives the same faults in the same order. The report goes to tests/chaos/out/, with the log of each cluster in
which something failed.
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
from tests.chaos import report
from tests.chaos.chaos_run import SETTINGS, run_group
from tests.chaos.cluster import small_disk
from tests.chaos.cluster.cluster import start_cluster
from tests.chaos.faults.catalogue import GROUPS, faults_of
from tests.chaos.faults.fault import Fault
from tests.chaos.run_result import GroupResult

PROXIED = ("network", "failpoint")
"""Groups whose cluster has relays between its processes."""

Plan = Mapping[str, Sequence[Fault]]
"""Faults by group."""


def main() -> int:
    """The exit code: 0 when every group passed and recovered in time."""
    arguments = _parser().parse_args()
    plan = _plan(arguments)
    if arguments.list:
        print(*(str(fault) for faults in plan.values() for fault in faults), sep="\n")
        return 0
    _quiet_logs()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cleans up, as on Ctrl-C
    raise_limit()
    began = time.monotonic()
    with _small_disk("disk" in plan) as disk:
        results = asyncio.run(_run(plan, arguments, disk))
    print(report.markdown(results))
    print(f"{sum(len(result.faults) for result in results)} faults in {time.monotonic() - began:.0f} s")
    return 0 if results and all(result.passed and result.recovered_in_time for result in results) else 1


def _quiet_logs() -> None:
    """That Kafka is away is expected here, and that the replay finds poison records."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _plan(arguments: argparse.Namespace) -> Plan:
    """`--only` names groups, or parts of the names of faults."""
    words = [word for word in arguments.only.split(",") if word]
    plan = {}
    for group in GROUPS:
        faults = faults_of(group, arguments.seed, arguments.repeat)
        if words and group not in words:
            faults = [fault for fault in faults if any(word in fault.name for word in words)]
        if faults:
            plan[group] = faults
    return plan


@contextmanager
def _small_disk(wanted: bool) -> Iterator[Path | None]:
    """Yield the folder of a small disk, if it is wanted and this machine allows one."""
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


async def _run(plan: Plan, arguments: argparse.Namespace, disk: Path | None) -> list[GroupResult]:
    results: list[GroupResult] = []
    for group, faults in plan.items():
        if group == "disk" and disk is None:
            continue
        print(f"{group}: {len(faults)} faults", file=sys.stderr, flush=True)
        results.append(await _run_group(group, faults, arguments, disk if group == "disk" else None))
        report.write(results)
    return results


async def _run_group(
    group: str, faults: Sequence[Fault], arguments: argparse.Namespace, disk: Path | None
) -> GroupResult:
    result = None
    async with start_cluster(env={"*": SETTINGS}, proxied=group in PROXIED, disk=disk) as cluster:
        try:
            result = await run_group(cluster, faults, arguments.seed, arguments.rate, users=arguments.users)
        finally:
            if not (result and result.passed and result.recovered_in_time):
                report.OUT.mkdir(exist_ok=True)
                shutil.copy(cluster.log, report.OUT / f"{group}.log")
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.chaos_suite", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="NAME,…", help=f"of {', '.join(GROUPS)}, or of faults")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="each fault (default: once)")
    parser.add_argument("--rate", type=float, default=60.0, help="messages a second (default: %(default)s)")
    parser.add_argument("--users", type=int, default=24, help="in each population (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="list the faults and exit")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as failure:
        print(f"chaos suite: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
