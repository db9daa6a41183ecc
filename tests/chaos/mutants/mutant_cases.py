"""Each mutant, and the least fault that makes it do harm."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.chaos.checker.checker import Promise
from tests.chaos.cluster.processes import House

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
    says: str
    """What the judge must find wrong: words of it."""
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


MISSED = "a cursor covers it"
IN_A_BATCH, FROZEN_IN_A_BATCH = "projector.loaded:40", "projector.loaded:40:stop"

TRIALS = (
    Trial(
        "offset_before_write",
        "projector",
        Promise.KEPT,
        "neither visible nor rejected",
        "mutant.between:20",
        instead=IN_A_BATCH,
    ),
    Trial("dedupe_off", "projector", Promise.ONCE, " times in ", repeated=0.3),
    Trial(
        "publish_before_commit",
        "projector",
        Promise.TOLD_IS_KEPT,
        "history did not have it",
        "mutant.between:20:stop",
        stood_still,
        instead=FROZEN_IN_A_BATCH,
    ),
    Trial("register_after_catch_up", "gateway", Promise.NOTHING_MISSED, MISSED),
)
MORE = (
    Trial(
        "accepted_unconfirmed", "gateway", Promise.KEPT, "neither visible nor rejected", fault=killed_gateway
    ),
    Trial("text_changed", "gateway", Promise.NOT_INVENTED, "shown, but nobody sent it"),
    Trial("unsure_is_no", "gateway", Promise.NOT_REFUSED, "a member: told not_found", fault=store_away),
    Trial(
        "seq_from_memory",
        "projector",
        Promise.ONE_ORDER,
        ", not 1 … ",
        FROZEN_IN_A_BATCH,
        lost_its_connection,
    ),
    Trial("told_twice", "gateway", Promise.SOCKET_ORDER, " 2 times"),
    Trial("own_send_unread", "projector", Promise.UNREAD, "by the log"),
    Trial("read_falls", "projector", Promise.UNREAD, "by the log"),
    Trial(
        "publisher_reorders",
        "projector",
        Promise.STREAM,
        "in another order than the log",
        "publisher.confirmed:40:stop",
        stood_still,
    ),
    Trial("publisher_trusts", "projector", Promise.STREAM, "entries: without"),
    Trial("publisher_sleeps", "projector", Promise.RESTS, "messages were not seen by a device"),
    Trial("asks_the_clock", "projector", Promise.REPLAY, "the rows of conversations"),
    Trial("list_forgets", "store", Promise.LISTED, "which the list lacks"),
    Trial("audience_ignored", "notifier", Promise.PRIVATE, " was shown "),
    Trial("drops_some", "notifier", Promise.NOTHING_MISSED, MISSED),
    Trial("gap_ignored", "gateway", Promise.NOTHING_MISSED, MISSED, around="links_break"),
    Trial("cursor_ahead", "gateway", Promise.CURSOR, "again after a cursor that covers it"),
    Trial("history_open_to_all", "store", Promise.PRIVATE, "history of"),
    Trial("everybody_may_write", "gateway-2", Promise.PRIVATE, "send of"),
)
