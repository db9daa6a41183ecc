import asyncio

from notifier.live.link import Outbox


class Scissors:
    cuts = 0

    def __call__(self) -> None:
        self.cuts += 1


async def test_texts_are_taken_in_the_order_in_which_they_were_put() -> None:
    outbox = Outbox(100, Scissors())
    for text in "abc":
        outbox.put(text)
    assert [await outbox.take() for _ in range(3)] == ["a", "b", "c"]


async def test_who_takes_waits_until_something_is_put() -> None:
    outbox = Outbox(100, Scissors())
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    outbox.put("late")
    assert await taking == "late"


async def test_a_reader_too_slow_is_cut_once_and_keeps_no_memory() -> None:
    scissors = Scissors()
    outbox = Outbox(10, scissors)
    for _ in range(5):
        outbox.put("12345")
    assert (scissors.cuts, len(outbox)) == (1, 0)


async def test_what_was_taken_makes_room() -> None:
    scissors = Scissors()
    outbox = Outbox(10, scissors)
    for _ in range(5):
        outbox.put("12345")
        await outbox.take()
    assert scissors.cuts == 0


async def test_drained_waits_until_who_takes_comes_back_for_more() -> None:
    outbox = Outbox(100, Scissors())
    outbox.put("a")
    waiting = asyncio.create_task(outbox.drained())
    await outbox.take()
    await asyncio.sleep(0)
    assert not waiting.done()
    idle = asyncio.create_task(outbox.take())
    await waiting
    idle.cancel()
