import asyncio

from notifier.live.link import SendQueue


class OverflowCounter:
    count = 0

    def __call__(self) -> None:
        self.count += 1


async def test_messages_are_taken_in_the_order_in_which_they_were_put() -> None:
    queue = SendQueue(100, OverflowCounter())
    for text in "abc":
        queue.put(text)
    assert [await queue.take() for _ in range(3)] == ["a", "b", "c"]


async def test_take_waits_until_a_message_is_put() -> None:
    queue = SendQueue(100, OverflowCounter())
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.put("late")
    assert await waiting == "late"


async def test_an_overflow_is_reported_once_and_frees_the_queue() -> None:
    overflows = OverflowCounter()
    queue = SendQueue(10, overflows)
    for _ in range(5):
        queue.put("12345")
    assert (overflows.count, len(queue)) == (1, 0)


async def test_a_message_taken_makes_room() -> None:
    overflows = OverflowCounter()
    queue = SendQueue(10, overflows)
    for _ in range(5):
        queue.put("12345")
        await queue.take()
    assert overflows.count == 0


async def test_wait_drained_returns_once_the_taker_waits_for_more() -> None:
    queue = SendQueue(100, OverflowCounter())
    queue.put("a")
    draining = asyncio.create_task(queue.wait_drained())
    await queue.take()
    await asyncio.sleep(0)
    assert not draining.done()
    idle = asyncio.create_task(queue.take())
    await draining
    idle.cancel()
