"""Prometheus metrics of the query API."""

import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from psycopg_pool import AsyncConnectionPool

from shared.http.problems import Problem
from shared.metrics.partition_gauge import PartitionGauge

P = ParamSpec("P")
T = TypeVar("T")

_MIN_FAILURE_STATUS = 500

query_duration = Histogram(
    "store_query_duration_seconds",
    "From the call of a query to its rows, the wait for a connection included.",
    ["query"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
query_failures = Counter("store_query_failures_total", "Queries that were not answered.", ["query", "code"])
position_wait = Histogram(
    "store_position_wait_seconds",
    "Waiting until the projection has reached the position or cursor of a call.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
position_waits = Counter("store_position_waits_total", "Waits for a position or cursor.", ["outcome"])
reached, not_reached = (position_waits.labels(outcome) for outcome in ("reached", "not_reached"))
projected = PartitionGauge(
    "store_projected_offset", "The offset in chat.events up to which the database is projected."
)
pool_connections = Gauge("store_pool_connections", "Open connections to PostgreSQL.", ["pool"])
pool_in_use = Gauge("store_pool_in_use", "Connections that run a statement.", ["pool"])
pool_waiting = Gauge("store_pool_waiting", "Calls that wait for a connection.", ["pool"])
pool_limit = Gauge("store_pool_limit", "How many connections there may be.", ["pool"])


def measured(query: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Measure each call of a query, labelled with its name, and count those that are not answered."""
    name = query.__name__
    seconds = query_duration.labels(name)

    @wraps(query)
    async def measure(*args: P.args, **kwargs: P.kwargs) -> T:
        began = time.perf_counter()
        try:
            return await query(*args, **kwargs)
        except Problem as problem:
            if problem.status >= _MIN_FAILURE_STATUS:
                query_failures.labels(name, problem.code).inc()
            raise
        finally:
            seconds.observe(time.perf_counter() - began)

    return measure


def observe_pool(name: str, pool: AsyncConnectionPool) -> None:
    """Expose the state of a pool of connections."""

    def idle() -> int:
        return pool.get_stats().get("pool_available", 0)

    def opened() -> int:
        return pool.get_stats().get("pool_size", 0)

    pool_connections.labels(name).set_function(opened)
    pool_in_use.labels(name).set_function(lambda: opened() - idle())
    pool_waiting.labels(name).set_function(lambda: pool.get_stats().get("requests_waiting", 0))
    pool_limit.labels(name).set(pool.max_size)
