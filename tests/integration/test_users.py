"""The aggregate user in a real database: revocations, and tickets that are used up."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from message_store.query_api import queries
from message_store.query_api.database import open_database
from message_store.query_api.tickets import REDEEM, Tickets
from message_store.storage import sessions
from message_store.storage.migrate import migrate
from shared.contract import ids
from shared.contract.fields import timestamp
from shared.http.problems import Problem
from tests.fixtures import builders
from tests.integration.read_models import ReadModels


def _in(**time: float) -> str:
    return timestamp(datetime.now(UTC) + timedelta(**time))


async def _revocations(read_models: ReadModels, **params: str) -> Any:
    response = await read_models.http.get("/revocations", params=params)
    assert response.status_code == 200
    return response.json()


async def _redeem(read_models: ReadModels, ticket: str, expires_at: str) -> bool:
    response = await read_models.http.post("/tickets/redeem", params={"id": ticket, "expires_at": expires_at})
    assert response.status_code == 200
    return bool(response.json()["redeemed"])


async def test_the_latest_revocation_of_each_user_is_listed_by_user_id(
    read_models: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_REVOCATIONS", 2)
    await read_models.apply(
        builders.revoked("bob", at="2025-12-31T12:00:00.000Z"),
        builders.revoked("Ann", at="2025-12-31T12:00:00.000Z"),
        builders.revoked("ann", at="2025-12-31T12:00:00.250Z"),
        builders.revoked("ann", at="2025-12-31T00:00:00.000Z"),
        builders.revoked("old", at="2025-01-01T00:00:00.000Z"),
    )
    since = "2025-06-01T00:00:00.000Z"
    assert await _revocations(read_models, since=since) == {
        "revokedAt": {"Ann": "2025-12-31T12:00:00.000Z", "ann": "2025-12-31T12:00:00.250Z"},
        "hasMore": True,
    }
    assert await _revocations(read_models, since=since, after="ann") == {
        "revokedAt": {"bob": "2025-12-31T12:00:00.000Z"},
        "hasMore": False,
    }
    assert (await read_models.http.get("/revocations", params={"since": "yesterday"})).status_code == 422


async def test_no_user_is_shown_a_revocation(read_models: ReadModels) -> None:
    talk = ids.direct_conversation_id("ann", "bob")
    await read_models.apply(builders.direct("ann", "bob"))
    cursor = (await read_models.get("/sync", user="ann"))["cursor"]
    await read_models.apply(builders.revoked("ann", actor="ann"), builders.sent(talk, "bob"))
    page = await read_models.http.get("/sync", params={"user": "ann", "cursor": cursor})
    _, *frames = page.content.splitlines()
    assert len(frames) == 1
    assert b'"type":"message"' in frames[0]


async def test_of_many_calls_for_a_ticket_exactly_one_redeems_it(read_models: ReadModels) -> None:
    for _ in range(5):
        ticket, soon = str(uuid.uuid4()), _in(seconds=30)
        outcomes = await asyncio.gather(*(_redeem(read_models, ticket, soon) for _ in range(8)))
        assert sorted(outcomes) == [False] * 7 + [True]


async def test_a_ticket_is_not_redeemed_again_when_its_row_is_gone(
    read_models: ReadModels, database_url: str
) -> None:
    """Rows are deleted a minute after the ticket expired; from then on no clock of a gateway counts."""
    ticket, just_over = str(uuid.uuid4()), _in(seconds=-58)
    assert await _redeem(read_models, ticket, just_over)
    assert not await _redeem(read_models, ticket, just_over)
    assert not await _redeem(read_models, str(uuid.uuid4()), _in(seconds=-61))


def test_expired_rows_are_deleted_in_bounded_steps(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "insert into redeemed_tickets select gen_random_uuid(), now() - interval '1 hour' "
            "from generate_series(1, 50)"
        )
        counts = []
        for _ in range(4):
            connection.execute(REDEEM, {"id": str(uuid.uuid4()), "expires_at": _in(seconds=30)})
            (row,) = connection.execute("select count(*) from redeemed_tickets")
            counts.append(row[0])
    assert counts == [31, 12, 3, 4]


def test_tickets_leave_no_trace_in_the_write_ahead_log(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        (row,) = connection.execute("select relpersistence from pg_class where relname = 'redeemed_tickets'")
    assert row == ("u",)


async def test_a_role_with_the_rights_of_tickets_alone_can_redeem_and_nothing_else(database_url: str) -> None:
    migrate(database_url)
    role = f"tickets_{uuid.uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"create role {role} login password 'secret'")
        owner.execute(f"grant select, insert, delete on redeemed_tickets to {role}")
        try:
            url = make_conninfo(database_url, user=role, password="secret")
            async with open_database(url, sessions.REDEEMING, name="tickets", connections=2) as database:
                tickets, ticket = Tickets(database), str(uuid.uuid4())
                owner.execute(
                    "insert into redeemed_tickets values (gen_random_uuid(), now() - interval '1 h')"
                )
                outcomes = await asyncio.gather(*(tickets.redeem(ticket, _in(seconds=30)) for _ in range(4)))
                assert sorted(outcome.is_redeemed for outcome in outcomes) == [False, False, False, True]
                for table in ("messages", "user_revocations", "progress"):
                    with pytest.raises(Problem):
                        await database.rows(f"select from {table}", {})
            assert owner.execute("select count(*) from redeemed_tickets").fetchone() == (1,)
        finally:
            owner.execute(f"drop owned by {role}; drop role {role}")
