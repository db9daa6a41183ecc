"""Fixtures of all tests; each starts what it needs when a test first uses it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol

import pytest

from deploy.local.stack.state import Stack
from shared.runtime.open_files import raise_limit
from tests.fixtures.limits import UNLIMITED_ENVIRONMENT
from tests.fixtures.platform import Platform, fresh_database, local_stack, new_topic_prefix, platform


def pytest_configure() -> None:
    """Raise the limit of open files: the tests hold both ends of many sockets."""
    raise_limit()


@pytest.fixture(scope="session")
def real_platform() -> Iterator[Platform]:
    """Kafka and PostgreSQL, shared by all tests."""
    with platform() as addresses:
        yield addresses


@pytest.fixture(scope="session")
def kafka_bootstrap(real_platform: Platform) -> str:
    """host:port of a real Kafka, shared by all tests; use `topic_prefix`."""
    return real_platform.kafka


@pytest.fixture(scope="session")
def postgres_admin_url(real_platform: Platform) -> str:
    """A real PostgreSQL, as a role that may create databases."""
    return real_platform.database


@pytest.fixture
def database_url(postgres_admin_url: str) -> Iterator[str]:
    """An empty database for one test, without migrations."""
    with fresh_database(postgres_admin_url) as url:
        yield url


@pytest.fixture
def topic_prefix() -> str:
    """A TOPIC_PREFIX for one test."""
    return new_topic_prefix()


class StartStack(Protocol):
    """Starts topics, migrations and services; returns when all are ready, raises UserError otherwise."""

    def __call__(
        self,
        *,
        gateways: int = 1,
        notifiers: int = 1,
        projectors: int = 1,
        own_platform: bool = False,
        max_restarts: int = 100,
        env: Mapping[str, str] | None = None,
    ) -> Stack: ...


@pytest.fixture(scope="module")
def start_stack(request: pytest.FixtureRequest) -> Iterator[StartStack]:
    """Starts stacks of real processes; they stop after the module.

    Limits of users are off unless `env` sets them. On the shared platform each has its own database and
    topics. With `own_platform` it also has a Kafka and a PostgreSQL that may be killed
    (`tests.fixtures.platform.away`). A process that restarts more than `max_restarts` times within 30 s stops
    it.
    """
    with ExitStack() as stacks:

        def start(
            *,
            gateways: int = 1,
            notifiers: int = 1,
            projectors: int = 1,
            own_platform: bool = False,
            max_restarts: int = 100,
            env: Mapping[str, str] | None = None,
        ) -> Stack:
            counts = [f"--gateways={gateways}", f"--notifiers={notifiers}", f"--projectors={projectors}"]
            options = [*counts, f"--max-restarts={max_restarts}"]
            environment = {**UNLIMITED_ENVIRONMENT, **(env or {})}
            if not own_platform:
                shared: Platform = request.getfixturevalue("real_platform")
                database = stacks.enter_context(fresh_database(shared.database))
                options += [f"--kafka={shared.kafka}", f"--database={database}"]
                environment = {"TOPIC_PREFIX": new_topic_prefix(), **environment}
            return stacks.enter_context(local_stack(*options, env=environment))

        yield start


@pytest.fixture(scope="module")
def stack(start_stack: StartStack) -> Stack:
    """One of everything, shared by a module's tests."""
    return start_stack()
