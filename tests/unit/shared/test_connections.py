"""Which connections are ended, and when."""

import asyncio
import time

from shared.connections import Connections


class Open:
    def __init__(self) -> None:
        self.timed_out = False

    def time_out(self) -> None:
        self.timed_out = True

    def give_way(self, *, newest: bool) -> None:
        raise NotImplementedError


async def test_what_arrived_during_a_stall_of_the_process_is_read_before_a_timeout_counts() -> None:
    connections, read, silent = Connections(10, head_timeout=0.2), Open(), Open()
    connections.idle(read)
    connections.idle(silent)
    time.sleep(1.5)  # noqa: ASYNC251  # the stall itself
    asyncio.get_running_loop().call_later(0, connections.busy, read)  # after the timer that is due
    async with asyncio.timeout(10):
        while not silent.timed_out:
            await asyncio.sleep(0.01)
    assert not read.timed_out
