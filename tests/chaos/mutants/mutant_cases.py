"""Each mutant, and the least fault that makes it do harm."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.chaos.checker.checker import Invariant
from tests.chaos.cluster.processes import Cluster

Fault = Callable[[Cluster], Awaitable[None]]

_CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class MutantCase:
    mutant: str
    process: str
    """The one that has it."""
    breaks: Invariant
    says: str
    """What the check must find wrong: words of it."""
    failpoint: str = ""
    """Where that process dies or stands still."""
    fault: Fault | None = None
    """What is done to the cluster in the middle of the load."""
    around: str = ""
    """A mutant that does no harm, and is there with and without the other."""
    instead: str = ""
    """The nearest failpoint that is there without the mutant."""
    repeated: float = 0.0
    """The share of accepted sends that is said again."""

    @property
    def hurts(self) -> bool:
        """Something is done beside the mutant."""
        return bool(self.failpoint or self.fault or self.around)

    def __str__(self) -> str:
        return self.mutant


async def stood_still(cluster: Cluster) -> None:
    """Waits until the projector stopped at its failpoint; lets it go on after a while."""
    pid = cluster.running["projector"].pid
    await _stopped(pid)
    await asyncio.sleep(1)
    cluster.thaw("projector")


async def lost_its_connection(cluster: Cluster) -> None:
    """The same, and meanwhile cuts everybody off from PostgreSQL."""
    await _stopped(cluster.running["projector"].pid)
    async with await psycopg.AsyncConnection.connect(cluster.database, autocommit=True) as connection:
        await connection.execute(_CUT)
    cluster.thaw("projector")


async def killed_gateway(cluster: Cluster) -> None:
    cluster.kill("gateway")


async def store_away(cluster: Cluster) -> None:
    async with cluster.away("store"):
        await asyncio.sleep(1)


async def _stopped(pid: int) -> None:
    async with asyncio.timeout(20):
        while _state(pid) != "T":
            await asyncio.sleep(0.02)


def _state(pid: int) -> str:
    """As `ps` names it: T is stopped."""
    status = Path(f"/proc/{pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0]


MISSED = "a cursor covers it"
IN_A_BATCH, FROZEN_IN_A_BATCH = "projector.loaded:40", "projector.loaded:40:stop"

CASES = (
    MutantCase(
        "offset_before_write",
        "projector",
        Invariant.KEPT,
        "neither visible nor rejected",
        "mutant.between:20",
        instead=IN_A_BATCH,
    ),
    MutantCase("dedupe_off", "projector", Invariant.ONCE, " times in ", repeated=0.3),
    MutantCase(
        "publish_before_commit",
        "projector",
        Invariant.TOLD_IS_KEPT,
        "history did not have it",
        "mutant.between:20:stop",
        stood_still,
        instead=FROZEN_IN_A_BATCH,
    ),
    MutantCase("register_after_catch_up", "gateway", Invariant.NOTHING_MISSED, MISSED),
)
LONG_CASES = (
    MutantCase(
        "accepted_unconfirmed",
        "gateway",
        Invariant.KEPT,
        "neither visible nor rejected",
        fault=killed_gateway,
    ),
    MutantCase("text_changed", "gateway", Invariant.NOT_INVENTED, "shown, but nobody sent it"),
    MutantCase(
        "unsure_is_no", "gateway", Invariant.NOT_REFUSED, "a member: told not_found", fault=store_away
    ),
    MutantCase(
        "seq_from_memory",
        "projector",
        Invariant.ONE_ORDER,
        ", not 1 … ",
        FROZEN_IN_A_BATCH,
        lost_its_connection,
    ),
    MutantCase("told_twice", "gateway", Invariant.SOCKET_ORDER, " 2 times"),
    MutantCase("own_send_unread", "projector", Invariant.UNREAD, "by the log"),
    MutantCase("read_falls", "projector", Invariant.UNREAD, "by the log"),
    MutantCase(
        "publisher_reorders",
        "projector",
        Invariant.STREAM,
        "in another order than the log",
        "publisher.confirmed:40:stop",
        stood_still,
    ),
    MutantCase("publisher_trusts", "projector", Invariant.STREAM, "entries: without"),
    MutantCase("publisher_sleeps", "projector", Invariant.RESTS, "messages were not seen by a device"),
    MutantCase("asks_the_clock", "projector", Invariant.REPLAY, "the rows of conversations"),
    MutantCase("list_forgets", "store", Invariant.LISTED, "which the list lacks"),
    MutantCase("audience_ignored", "notifier", Invariant.PRIVATE, " was shown "),
    MutantCase("drops_some", "notifier", Invariant.NOTHING_MISSED, MISSED),
    MutantCase("gap_ignored", "gateway", Invariant.NOTHING_MISSED, MISSED, around="links_break"),
    MutantCase("cursor_ahead", "gateway", Invariant.CURSOR, "again after a cursor that covers it"),
    MutantCase("history_open_to_all", "store", Invariant.PRIVATE, "history of"),
    MutantCase("everybody_may_write", "gateway-2", Invariant.PRIVATE, "send of"),
)
