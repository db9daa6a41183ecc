"""Which connections the server closes, and when."""

import asyncio
import time

from shared.http.connections import ConnectionLimiter


class Open:
    def __init__(self) -> None:
        self.timed_out = False

    def on_timeout(self) -> None:
        self.timed_out = True

    def on_evicted(self, *, newest: bool) -> None:
        raise NotImplementedError


async def test_what_arrived_during_a_stall_of_the_process_is_read_before_a_timeout_counts() -> None:
    connections, read, silent = ConnectionLimiter(10, head_timeout=0.2), Open(), Open()
    connections.mark_idle(read)
    connections.mark_idle(silent)
    time.sleep(1.5)  # noqa: ASYNC251  # the stall itself
    asyncio.get_running_loop().call_later(0, connections.mark_busy, read)  # after the timer that is due
    async with asyncio.timeout(10):
        while not silent.timed_out:
            await asyncio.sleep(0.01)
    assert not read.timed_out


async def test_a_lingering_refused_connection_does_not_delay_the_others() -> None:
    order: list[str] = []

    class Lingering(Open):
        def on_timeout(self) -> None:
            connections.mark_idle(self)
            asyncio.get_running_loop().call_later(0.9 * head_timeout, order.append, "nearly once more")

    class Next(Open):
        def on_timeout(self) -> None:
            super().on_timeout()
            order.append("next")

    head_timeout = 2.0
    connections, following = ConnectionLimiter(10, head_timeout=head_timeout), Next()
    connections.mark_idle(Lingering())
    await asyncio.sleep(0.1)
    connections.mark_idle(following)
    async with asyncio.timeout(30):
        while not order:
            await asyncio.sleep(0.01)
    assert order[0] == "next"
