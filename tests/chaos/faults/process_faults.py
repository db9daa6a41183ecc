"""Processes that are killed, shut down, paused or kept down, or that exit between two steps of their work."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.network import reset_links_continuously
from tests.chaos.faults.poison import poison_continuously

SERVICES = ("gateway", "gateway-2", "notifier", "notifier-2", "projector", "projector-2", "store")
ALL_PROCESSES = (*SERVICES, "kafka", "postgres")

FAILPOINTS = {
    "projector": {
        "projector.claimed": 1,
        "projector.dead_lettered": 12,
        "projector.loaded": 20,
        "projector.committed": 20,
        "publisher.confirmed": 20,
    },
    "gateway": {
        "gateway.producing": 20,
        "gateway.confirmed": 20,
        "link.up": 2,
        "link.subscribed": 3,
        "link.replay_requested": 2,
        "gateway.dispatching": 20,
        "session.registered": 5,
        "session.greeted": 5,
        "session.page": 5,
        "session.caught_up": 5,
    },
    "notifier": {
        "notifier.assigned": 1,
        "notifier.acknowledged": 5,
        "notifier.replayed": 1,
        "notifier.dispatched": 20,
        "notifier.committing": 3,
        "notifier.committed": 3,
    },
}
"""All failpoints of each kind of process; how often it passes each at least while there is load."""
PRECONDITIONS: Mapping[str, Callable[[Cluster], AbstractAsyncContextManager[None]]] = {
    "notifier.replayed": reset_links_continuously,
    "projector.dead_lettered": poison_continuously,
}
"""What must go on for a process to reach a failpoint at all."""
FAILPOINT_TIMEOUT = 30.0
"""Seconds within which a process must reach its failpoint."""
PAUSE_SECONDS = 6.0
"""Above the session timeout of both groups, and all timeouts of links, of Kafka and of the store."""
LONGER_PAUSES = {"postgres": 13.0}
"""Seconds: above the projector's commit timeout of ten. The projector then does not know whether its commit
succeeded and queries the outcome; the old backend resumes after that."""


def kills() -> Iterator[Fault]:
    return (kill(name) for name in ALL_PROCESSES)


def kill(name: str, down_seconds: float = 0.0) -> Fault:
    """SIGKILL. The process is started again at once, or after `down_seconds`: others take over until then."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        process = cluster.running[name]
        cluster.kill(name, down_seconds)
        await cluster.wait_exited(process)
        yield

    down = f", down for {down_seconds:.0f} s" if down_seconds else ""
    return Fault("kill9", f"kill -9 {name}{down}", steps, killed_kind=name.partition("-")[0])


def terminations() -> Iterator[Fault]:
    yield from (terminate(name) for name in ALL_PROCESSES)
    yield quit_postgres()


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


def exits_at_failpoints(rng: random.Random) -> Iterator[Fault]:
    for kind, failpoints in FAILPOINTS.items():
        for failpoint, passes in failpoints.items():
            yield kill_at_failpoint(rng.choice((kind, f"{kind}-2")), failpoint, rng.randint(1, passes))


def kill_at_failpoint(name: str, failpoint: str, count: int) -> Fault:
    """The process exits when it reaches the failpoint for the `count`th time."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        process = await cluster.respawn(name, env={"FAILPOINT": f"{failpoint}:{count}"})
        async with asyncio.timeout(FAILPOINT_TIMEOUT), PRECONDITIONS.get(failpoint, nullcontext)(cluster):
            await cluster.wait_exited(process)
        yield

    return Fault("failpoint", f"{name} dies at {failpoint}", steps)


def pauses() -> Iterator[Fault]:
    return (pause(name) for name in ALL_PROCESSES)


def pause(name: str, duration: float | None = None) -> Fault:
    """SIGSTOP for longer than the timeouts of others, then SIGCONT."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        cluster.pause(name)
        try:
            yield
        finally:
            cluster.resume(name)

    default = LONGER_PAUSES.get(name, PAUSE_SECONDS)
    return Fault("freeze", f"{name} paused", steps, default if duration is None else duration)


def rebalances(rng: random.Random) -> Iterator[Fault]:
    """Members of consumer groups leave and return."""
    for kind in ("projector", "notifier", "gateway"):
        yield members_down([rng.choice((kind, f"{kind}-2"))])
    yield members_down(["projector-2", "notifier-2"])
    yield members_down(["projector", "notifier", "gateway"])
    for kind in ("projector", "notifier"):
        yield rolling_restart((kind, f"{kind}-2"))


def members_down(names: Sequence[str], duration: float = 4.0) -> Fault:
    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(cluster.keep_down(name))
            yield

    return Fault("rebalance", f"{' and '.join(names)} down", steps, duration)


def rolling_restart(names: Sequence[str]) -> Fault:
    """Each is restarted cleanly as soon as the one before it is ready again; twice."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        for name in (*names, *names):
            await cluster.restart(name)
        yield

    return Fault("rebalance", f"{' and '.join(names)} restarted in turn, twice", steps)
