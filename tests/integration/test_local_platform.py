"""The local platform: real processes, started, killed and stopped."""

import psycopg


def test_the_database_of_a_test_is_empty_and_its_own(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)
