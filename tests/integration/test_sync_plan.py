"""What it costs to ask what was missed, counted in rows: it grows with what was missed and nothing else."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
import pytest

from bench import explain, past, sync_plan
from bench.past import Past
from message_store.query_api import queries
from message_store.query_api.read_sql import PROBE, SYNC
from message_store.storage import sessions
from message_store.storage.migrate import migrate
from shared.contract import cursor
from tests.platform import fresh_database

PAST = Past(conversations=400, changed=3, missed=5, left=100, others=1_000, happened=5)
LONGER = PAST._replace(others=10_000)


@contextmanager
def _written(admin_url: str, made: Past) -> Iterator[tuple[psycopg.Connection[Any], list[int]]]:
    with fresh_database(admin_url) as url:
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sessions.APPLY, sessions.parameters(sessions.EVERY))
            yield connection, past.write(connection, made)


@pytest.fixture(scope="module", params=[PAST, LONGER], ids=["short", "ten times as long"])
def written(
    request: pytest.FixtureRequest, postgres_admin_url: str
) -> Iterator[tuple[psycopg.Connection[Any], list[int]]]:
    with _written(postgres_admin_url, request.param) as made:
        yield made


@pytest.mark.parametrize("analysed", [False, True], ids=["never analysed", "analysed"])
@pytest.mark.parametrize("planned", ["custom", "generic"])
def test_what_is_read_is_what_was_missed_and_one_look_at_each_of_ones_conversations(
    written: tuple[psycopg.Connection[Any], list[int]], planned: explain.Planned, analysed: bool
) -> None:
    connection, offsets = written
    if analysed:
        connection.execute("analyze")
    with explain.prepared(connection, PROBE, sync_plan.NAMES, planned) as probe:
        scans = explain.scans(probe, sync_plan.asked(offsets))
    assert not [scan for scan in scans if "Seq" in scan.how]
    assert _rows(scans) == {
        "journal": PAST.changed * PAST.missed,
        "journal_personal": 0,
        "conversations": PAST.conversations,
        "members": PAST.conversations + PAST.left,
    }


def test_a_page_of_a_long_absence_reads_the_partitions_that_it_shows(
    written: tuple[psycopg.Connection[Any], list[int]],
) -> None:
    connection, offsets = written
    connection.execute("analyze")
    with explain.prepared(connection, PROBE, sync_plan.NAMES, "generic") as probe:
        rows = _rows(explain.scans(probe, sync_plan.asked([0] * len(offsets))))
    belonged = (PAST.conversations + PAST.left) * past.BEFORE + PAST.changed * PAST.missed
    assert 101 <= rows["journal"] <= 2 * belonged / past.PARTITIONS + 101


def test_no_table_is_read_through_for_a_page(written: tuple[psycopg.Connection[Any], list[int]]) -> None:
    connection, offsets = written
    for since in (offsets, [0] * len(offsets)):
        for planned in ("custom", "generic"):
            with explain.prepared(connection, SYNC, sync_plan.NAMES, planned) as page:
                scans = explain.scans(page, sync_plan.asked(since))
            assert not [scan for scan in scans if "Seq" in scan.how and scan.table != "progress"]
            assert max(_rows(scans).values()) < 4_000  # of 6,000 to 60,000


def test_of_a_large_group_a_page_looks_at_no_member_but_the_caller(postgres_admin_url: str) -> None:
    with _written(postgres_admin_url, PAST) as (connection, offsets):
        assert connection.execute(_CROWDED, {"caller": past.CALLER}).rowcount == 1
        connection.execute("analyze")
        for planned in ("custom", "generic"):
            with explain.prepared(connection, SYNC, sync_plan.NAMES, planned) as page:
                scans = explain.scans(page, sync_plan.asked(offsets))
            assert _rows(scans)["members"] < PAST.conversations + PAST.left + 100


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
        expected = connection.execute(_MISSED, {"user": past.CALLER, "since": since}).fetchall()
        assert len(expected) >= PAST.changed * PAST.missed
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
            page = await opened.sync(past.CALLER, since, 100)
            frames = [orjson.loads(frame) for frame in page.frames]
            shown += [(frame["conversationId"], frame["seq"]) for frame in frames]
            if not page.has_more:
                return shown
            since = list(cursor.decode(page.cursor).offsets)


def _rows(scans: list[explain.Scan]) -> Counter[str]:
    rows: Counter[str] = Counter()
    for scan in scans:
        rows[scan.table] += scan.rows
    return rows
