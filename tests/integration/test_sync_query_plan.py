"""The cost of the sync query, counted in rows, grows with the missed entries and nothing else."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
import pytest

from bench.measure.query_plan import PlanMode, Scan, prepared
from bench.scenarios.query_plan import PARAMETERS, values
from bench.systems import seed_history
from bench.systems.seed_history import History
from message_store.query_api import queries
from message_store.query_api.read_sql import PROBE, SYNC
from message_store.storage import sessions
from message_store.storage.migrate import migrate
from shared.contract import cursor
from tests.fixtures.platform import fresh_database

HISTORY = History(conversations=400, changed=3, missed=5, left=100, others=1_000, happened=5)
LONGER = HISTORY._replace(others=10_000)


@contextmanager
def _written(admin_url: str, history: History) -> Iterator[tuple[psycopg.Connection[Any], list[int]]]:
    with fresh_database(admin_url) as url:
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sessions.APPLY, sessions.parameters(sessions.EVERY))
            yield connection, seed_history.write(connection, history)


@pytest.fixture(scope="module", params=[HISTORY, LONGER], ids=["short", "ten times as long"])
def written(
    request: pytest.FixtureRequest, postgres_admin_url: str
) -> Iterator[tuple[psycopg.Connection[Any], list[int]]]:
    with _written(postgres_admin_url, request.param) as written_history:
        yield written_history


@pytest.mark.parametrize("analysed", [False, True], ids=["never analysed", "analysed"])
@pytest.mark.parametrize("mode", ["custom", "generic"])
def test_the_rows_read_are_the_missed_entries_and_one_for_each_own_conversation(
    written: tuple[psycopg.Connection[Any], list[int]], mode: PlanMode, analysed: bool
) -> None:
    connection, offsets = written
    if analysed:
        connection.execute("analyze")
    with prepared(connection, PROBE, PARAMETERS, mode) as probe:
        scans = probe.scans(values(offsets))
    assert not [scan for scan in scans if "Seq" in scan.method]
    assert _rows(scans) == {
        "journal": HISTORY.changed * HISTORY.missed,
        "journal_personal": 0,
        "conversations": HISTORY.conversations,
        "members": HISTORY.conversations + HISTORY.left,
    }


def test_a_page_after_a_long_absence_reads_the_partitions_that_it_shows(
    written: tuple[psycopg.Connection[Any], list[int]],
) -> None:
    connection, offsets = written
    connection.execute("analyze")
    with prepared(connection, PROBE, PARAMETERS, "generic") as probe:
        rows = _rows(probe.scans(values([0] * len(offsets))))
    belonged = (HISTORY.conversations + HISTORY.left) * seed_history.BEFORE + HISTORY.changed * HISTORY.missed
    assert 101 <= rows["journal"] <= 2 * belonged / seed_history.PARTITIONS + 101


def test_no_table_is_read_through_for_a_page(written: tuple[psycopg.Connection[Any], list[int]]) -> None:
    connection, offsets = written
    for since in (offsets, [0] * len(offsets)):
        for mode in ("custom", "generic"):
            with prepared(connection, SYNC, PARAMETERS, mode) as page:
                scans = page.scans(values(since))
            assert not [scan for scan in scans if "Seq" in scan.method and scan.table != "progress"]
            assert max(_rows(scans).values()) < 4_000  # of 6,000 to 60,000


def test_of_a_large_group_a_page_reads_no_member_but_the_caller(postgres_admin_url: str) -> None:
    with _written(postgres_admin_url, HISTORY) as (connection, offsets):
        assert connection.execute(_CROWDED, {"caller": seed_history.CALLER}).rowcount == 1
        connection.execute("analyze")
        for mode in ("custom", "generic"):
            with prepared(connection, SYNC, PARAMETERS, mode) as page:
                scans = page.scans(values(offsets))
            assert _rows(scans)["members"] < HISTORY.conversations + HISTORY.left + 100


# 500 more in a conversation that went on.
_CROWDED = """
with crowd as (
    update conversations set member_count = 502 where id = (
        select conversation_id from members join conversations c on c.id = conversation_id
        where user_id = %(caller)s and to_offset is null order by last_seq desc limit 1)
    returning id, partition
), joined as (
    insert into members (conversation_id, user_id, from_offset, partition, ordinal, joined_seq, read_seq)
    select id, 'z' || n, 0, partition, n, 0, 0 from crowd, generate_series(1, 500) n
)
select id from crowd
"""


async def test_page_by_page_everything_comes_in_the_order_of_the_log(
    written: tuple[psycopg.Connection[Any], list[int]],
) -> None:
    connection, offsets = written
    for since in (offsets, [0] * len(offsets)):
        expected = connection.execute(_MISSED, {"user": seed_history.CALLER, "since": since}).fetchall()
        assert len(expected) >= HISTORY.changed * HISTORY.missed
        assert await _paged(connection.info.dsn, connection.info.password, since) == expected


_MISSED = """
select j.conversation_id::text, j.seq
from journal j join members m using (conversation_id)
join unnest(%(since)s::bigint[]) with ordinality as s (at, place) on place = j.partition + 1
where m.user_id = %(user)s and j."offset" >= at
  and j."offset" between m.from_offset and coalesce(m.to_offset, j."offset")
order by j.partition, j."offset"
"""


async def _paged(dsn: str, password: str, since: list[int]) -> list[tuple[str, int]]:
    shown: list[tuple[str, int]] = []
    async with queries.open_queries(f"{dsn} password={password}", 2) as opened:
        while True:
            page = await opened.sync(seed_history.CALLER, since, 100)
            frames = [orjson.loads(frame) for frame in page.frames]
            shown += [(frame["conversationId"], frame["seq"]) for frame in frames]
            if not page.has_more:
                return shown
            since = list(cursor.decode(page.cursor).offsets)


def _rows(scans: list[Scan]) -> Counter[str]:
    rows: Counter[str] = Counter()
    for scan in scans:
        rows[scan.table] += scan.rows
    return rows
