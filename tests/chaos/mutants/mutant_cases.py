"""Each mutant, the least fault that makes it do harm, and the invariant that it violates."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from tests.chaos.checker.checker import Invariant
from tests.chaos.cluster import process_tree
from tests.chaos.cluster.cluster import Cluster

CaseFault = Callable[[Cluster], Awaitable[None]]

PAUSE_TIMEOUT = 20.0
"""Seconds until a process has paused at its failpoint."""

_DISCONNECT_ALL = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class MutantCase:
    mutant: str
    process: str
    """The one with the bug."""
    violates: Invariant
    description: str
    """Part of the violation's description."""
    failpoint: str = ""
    """Where that process exits or pauses."""
    fault: CaseFault | None = None
    """Injected in the middle of the load."""
    harmless: str = ""
    """A mutant that is no bug, planted with the other and without it."""
    failpoint_without_mutant: str = ""
    """The nearest failpoint that exists without the mutant."""
    repeated: float = 0.0
    """The share of accepted sends that is repeated."""

    @property
    def has_fault(self) -> bool:
        return bool(self.failpoint or self.fault or self.harmless)

    def __str__(self) -> str:
        return self.mutant


async def resume_projector(cluster: Cluster) -> None:
    """A second after it has paused at its failpoint."""
    await _wait_paused(cluster)
    await asyncio.sleep(1)
    cluster.resume("projector")


async def disconnect_projector(cluster: Cluster) -> None:
    """Close all connections to PostgreSQL while the projector is paused at its failpoint."""
    await _wait_paused(cluster)
    async with await psycopg.AsyncConnection.connect(cluster.database, autocommit=True) as connection:
        await connection.execute(_DISCONNECT_ALL)
    cluster.resume("projector")


async def kill_gateway(cluster: Cluster) -> None:
    cluster.kill("gateway")


async def keep_store_down(cluster: Cluster) -> None:
    async with cluster.keep_down("store"):
        await asyncio.sleep(1)


async def _wait_paused(cluster: Cluster) -> None:
    async with asyncio.timeout(PAUSE_TIMEOUT):
        while not process_tree.is_paused(cluster.running["projector"].pid):
            await asyncio.sleep(0.02)


IN_A_BATCH, PAUSE_IN_A_BATCH = "projector.loaded:40", "projector.loaded:40:stop"
LOST = "neither visible nor rejected"
MISSED = "a cursor covers it"
I = Invariant  # noqa: E741

CASES = (
    MutantCase(
        "offset_before_write",
        "projector",
        I.ACCEPTED_KEPT,
        LOST,
        failpoint="mutant.between:20",
        failpoint_without_mutant=IN_A_BATCH,
    ),
    MutantCase("dedupe_off", "projector", I.IDEMPOTENT, " times in ", repeated=0.3),
    MutantCase(
        "publish_before_commit",
        "projector",
        I.DELIVERED_IS_READABLE,
        "history did not have it",
        harmless="commits_are_slow",
    ),
    MutantCase("register_after_catch_up", "gateway", I.NOTHING_MISSED, MISSED),
)
LONG_CASES = (
    MutantCase("accepted_unconfirmed", "gateway", I.ACCEPTED_KEPT, LOST, fault=kill_gateway),
    MutantCase("text_changed", "gateway", I.NOTHING_INVENTED, "shown, but never sent"),
    MutantCase("unsure_is_no", "gateway", I.MEMBERS_ADMITTED, "a member: not_found", fault=keep_store_down),
    MutantCase(
        "seq_from_memory",
        "projector",
        I.TOTAL_ORDER,
        ", not 1 … ",
        failpoint=PAUSE_IN_A_BATCH,
        fault=disconnect_projector,
    ),
    MutantCase("delivered_twice", "gateway", I.CONNECTION_ORDER, " 2 times"),
    MutantCase("own_send_unread", "projector", I.UNREAD_EXACT, "by the log"),
    MutantCase("read_falls", "projector", I.UNREAD_EXACT, "by the log"),
    MutantCase(
        "publisher_reorders",
        "projector",
        I.TOPIC_COMPLETE,
        "in another order than the log",
        failpoint="publisher.confirmed:40:stop",
        fault=resume_projector,
    ),
    MutantCase("publisher_trusts", "projector", I.TOPIC_COMPLETE, "entries: without"),
    MutantCase("publisher_sleeps", "projector", I.SETTLES, "messages were not delivered to a client"),
    MutantCase("projects_the_clock", "projector", I.REPLAY, "the rows of conversations"),
    MutantCase("list_forgets", "store", I.LISTS_COMPLETE, "which the list lacks"),
    MutantCase("audience_ignored", "notifier", I.AUTHORIZATION, " was shown "),
    MutantCase("drops_some", "notifier", I.NOTHING_MISSED, MISSED),
    MutantCase("gap_ignored", "gateway", I.NOTHING_MISSED, MISSED, harmless="links_break"),
    MutantCase("cursor_ahead", "gateway", I.CURSOR_EXACT, "again after a cursor that covers it"),
    MutantCase("history_open_to_all", "store", I.AUTHORIZATION, "history of"),
    MutantCase("everybody_may_write", "gateway-2", I.AUTHORIZATION, "send of"),
)
