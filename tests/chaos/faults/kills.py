"""Processes that are killed or shut down."""

import signal
from collections.abc import AsyncIterator, Iterator

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault

SERVICES = ("gateway", "gateway-2", "notifier", "notifier-2", "projector", "projector-2", "store")
ALL_PROCESSES = (*SERVICES, "kafka", "postgres")


def kills() -> Iterator[Fault]:
    for name in ALL_PROCESSES:
        yield kill(name)


def terminations() -> Iterator[Fault]:
    for name in ALL_PROCESSES:
        yield terminate(name)
    yield quit_postgres()


def kill(name: str, down_seconds: float = 0.0) -> Fault:
    """SIGKILL. The process is started again at once, or after `down_seconds`: others take over until then."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        process = cluster.running[name]
        cluster.kill(name, down_seconds)
        await cluster.wait_exited(process)
        yield

    down = f", down for {down_seconds:.0f} s" if down_seconds else ""
    return Fault("kill9", f"kill -9 {name}{down}", steps, killed_kind=name.partition("-")[0])


def terminate(name: str) -> Fault:
    return _shut_down(name, "fast shutdown of postgres" if name == "postgres" else f"SIGTERM {name}")


def quit_postgres() -> Fault:
    """PostgreSQL's immediate shutdown: without a checkpoint, and none of its processes survives."""
    return _shut_down("postgres", "immediate shutdown of postgres", signal.SIGQUIT)


def _shut_down(name: str, label: str, by: signal.Signals | None = None) -> Fault:
    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        process = cluster.running[name]
        cluster.terminate(name, by)
        yield
        await cluster.wait_exited(process)

    return Fault("term", label, steps)
