"""Each mutant, and the least fault that makes it do harm."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.faults.judge import Promise
from tests.faults.residents import House

Fault = Callable[[House], Awaitable[None]]

_CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Trial:
    mutant: str
    process: str
    """The one that has it."""
    breaks: Promise
    failpoint: str = ""
    """Where that process dies or stands still."""
    fault: Fault | None = None
    """What is done to the house in the middle of the load."""
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


async def stood_still(home: House) -> None:
    """Waits until the projector stopped at its failpoint; lets it go on after a while."""
    pid = home.running["projector"].pid
    await _stopped(pid)
    await asyncio.sleep(1)
    home.thaw("projector")


async def lost_its_connection(home: House) -> None:
    """The same, and meanwhile cuts everybody off from PostgreSQL."""
    await _stopped(home.running["projector"].pid)
    async with await psycopg.AsyncConnection.connect(home.database, autocommit=True) as connection:
        await connection.execute(_CUT)
    home.thaw("projector")


async def killed_gateway(home: House) -> None:
    home.kill("gateway")


async def store_away(home: House) -> None:
    async with home.away("store"):
        await asyncio.sleep(1)


async def _stopped(pid: int) -> None:
    async with asyncio.timeout(20):
        while _state(pid) != "T":
            await asyncio.sleep(0.02)


def _state(pid: int) -> str:
    """As `ps` names it: T is stopped."""
    status = Path(f"/proc/{pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0]


IN_A_BATCH, FROZEN_IN_A_BATCH = "projector.loaded:40", "projector.loaded:40:stop"

TRIALS = (
    Trial("offset_before_write", "projector", Promise.KEPT, "mutant.between:20", instead=IN_A_BATCH),
    Trial("dedupe_off", "projector", Promise.ONCE, repeated=0.3),
    Trial(
        "publish_before_commit",
        "projector",
        Promise.TOLD_IS_KEPT,
        "mutant.between:20:stop",
        stood_still,
        instead=FROZEN_IN_A_BATCH,
    ),
    Trial("register_after_catch_up", "gateway", Promise.NOTHING_MISSED),
)
MORE = (
    Trial("accepted_unconfirmed", "gateway", Promise.KEPT, fault=killed_gateway),
    Trial("unsure_is_no", "gateway", Promise.NOT_REFUSED, fault=store_away),
    Trial("seq_from_memory", "projector", Promise.ONE_ORDER, FROZEN_IN_A_BATCH, lost_its_connection),
    Trial("own_send_unread", "projector", Promise.UNREAD),
    Trial("read_falls", "projector", Promise.UNREAD),
    Trial("publisher_reorders", "projector", Promise.STREAM, "publisher.confirmed:40:stop", stood_still),
    Trial("publisher_trusts", "projector", Promise.STREAM),
    Trial("audience_ignored", "notifier", Promise.PRIVATE),
    Trial("drops_some", "notifier", Promise.NOTHING_MISSED),
    Trial("gap_ignored", "gateway", Promise.NOTHING_MISSED, around="links_break"),
    Trial("cursor_ahead", "gateway", Promise.CURSOR),
    Trial("history_open_to_all", "store", Promise.PRIVATE),
    Trial("everybody_may_write", "gateway-2", Promise.PRIVATE),
)
