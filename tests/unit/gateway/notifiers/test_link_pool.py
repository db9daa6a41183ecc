"""Several notifiers, each owning some partitions."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import aiohttp
import pytest

from gateway.critical_tasks import CriticalTasks
from gateway.notifiers import link_protocol
from gateway.notifiers.link import Link
from gateway.notifiers.link_pool import Links
from gateway.notifiers.link_protocol import (
    Acknowledged,
    Entry,
    Incomprehensible,
    Owns,
    Place,
    Progress,
    Stretch,
    Told,
)
from gateway.notifiers.offset_tracker import Stretches
from gateway.notifiers.subscriptions import Interest
from gateway.settings import Address
from tests.unit.gateway.fake_notifier import Notifier, notifying
from tests.unit.lines import text_of


class Listener:
    def __init__(self) -> None:
        self.frames: list[str] = []
        self.gaps = 0
        self.heard = asyncio.Event()

    def dispatch(self, entry: Entry) -> None:
        self.frames.append(text_of(entry.frame))
        self.heard.set()

    def interrupt(self) -> None:
        self.gaps += 1

    async def told(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.frames) < count:
                self.heard.clear()
                await self.heard.wait()
        return self.frames


class Overheard(Links):
    """`to`: each link by its port."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.to: dict[int, Link] = {}

    def told(self, link: Link, what: Told | None) -> None:
        self.to[link.address.port] = link
        super().told(link, what)


class Board:
    def __init__(self, *notifiers: Notifier, listener: Listener | None = None) -> None:
        self.interest, self.stretches = Interest(), Stretches()
        self.listener = listener or Listener()
        addresses = [Address("localhost", notifier.port) for notifier in notifiers]
        self.links = Overheard(addresses, "g1", self.interest, self.stretches, self.listener)

    async def registered(self, user: str, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            await self.links.registered(user)

    async def gap(self) -> None:
        async with asyncio.timeout(5):
            while not self.listener.gaps:
                await asyncio.sleep(0.01)

    async def begun(self, *notifiers: Notifier) -> None:
        """Every notifier acknowledged that there is nobody."""
        async with asyncio.timeout(5):
            while not all(n.port in self.links.to and self.links.to[n.port].begun for n in notifiers):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def linked(*notifiers: Notifier, listener: Listener | None = None) -> AsyncIterator[Board]:
    async with AsyncExitStack() as stack:
        for notifier in notifiers:
            await stack.enter_async_context(notifying(notifier))
        board = Board(*notifiers, listener=listener)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(CriticalTasks().running(links=board.links.keep(session)))
        yield board


async def test_a_user_is_registered_once_every_owner_acknowledged() -> None:
    first, second = Notifier(4, [0, 1]), Notifier(4, [2, 3])
    second.acknowledges = False
    async with linked(first, second) as board:
        board.interest.add("ana")
        with pytest.raises(TimeoutError):
            await board.registered("ana", 0.2)
        assert not board.links.ready
        await second.acknowledge()
        await board.registered("ana")
        assert board.links.ready


async def test_who_owns_nothing_need_not_acknowledge() -> None:
    owner, idle = Notifier(4), Notifier(4, [])
    idle.acknowledges = False
    async with linked(owner, idle) as board:
        board.interest.add("ana")
        await board.registered("ana")


async def test_a_partition_without_owner_registers_nobody_until_it_has_one() -> None:
    first, second = Notifier(4, [0, 1]), Notifier(4, [2])
    async with linked(first, second) as board:
        board.interest.add("ana")
        with pytest.raises(TimeoutError):
            await board.registered("ana", 0.2)
        await second.own(2, 3)
        await board.registered("ana")


async def test_what_a_new_owner_told_without_a_user_whom_it_had_not_acknowledged_is_told_again() -> None:
    first, second = Notifier(1, [0]), Notifier(1, [])
    async with linked(first, second) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await second.heard_of("ana")
        await second.own(0)
        await second.entry(["ana"], {"n": 1})
        await board.listener.told(1)
        await second.own()
        second.acknowledges = False
        board.interest.add("ben")
        await board.registered("ben")
        await second.heard_of("ben")
        second.at = {0: 1}
        await second.own(0)
        await second.entry(["ana"], {"n": 2})
        assert not second.asked
        await second.acknowledge()
        assert await board.listener.told(2) == ['{"n":1}', '{"n":2}']
        assert (second.asked, board.listener.gaps) == ([{0: 1}], 0)


async def test_an_answer_that_comes_while_somebody_is_not_acknowledged_is_asked_for_again() -> None:
    notifier, other = Notifier(2, [0]), Notifier(2, [1])
    async with linked(notifier, other) as board:
        await notifier.was_asked()
        board.interest.add("ben")  # what acknowledges him comes after the answer
        await board.registered("ben")
        link = board.links.to[notifier.port]
        notifier.asked.clear()
        notifier.acknowledges = False
        board.interest.add("ana")
        board.links.told(link, Progress([Stretch(0, 5, 5, 0)]))
        board.links.told(link, Owns(2, {0: Place(0, 0), 1: Place(0, 0)}))
        await notifier.heard_of("ana")
        assert await notifier.was_asked() == {0: 0}
        notifier.asked.clear()
        await notifier.acknowledge()
        assert await notifier.was_asked() == {0: 0, 1: 0}


async def test_who_leaves_before_a_new_owner_heard_of_them_is_not_waited_for() -> None:
    first, second = Notifier(1, [0]), Notifier(1, [])
    async with linked(first, second) as board:
        await board.begun(first, second)
        second.acknowledges = False
        board.interest.add("ana")
        await board.registered("ana")
        await first.own()
        await second.own(0)
        async with asyncio.timeout(5):
            while board.links.to[second.port].begun:
                await asyncio.sleep(0.01)
        board.interest.remove("ana")
        await second.heard_of("ana", present=False)
        second.acknowledges = True
        board.interest.add("ben")
        await board.registered("ben")
        await second.entry(["ben"], {"n": 1})
        await board.listener.told(1)


async def test_what_was_left_out_is_asked_for_and_told_in_order() -> None:
    notifier = Notifier(1)
    async with linked(notifier) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await notifier.entry(["ana"], {"n": 1})
        await board.listener.told(1)
        notifier.asked.clear()
        await notifier.lose(["ana"], {"n": 2})
        for n in (3, 4):
            await notifier.entry(["ana"], {"n": n})
        assert await board.listener.told(4) == [f'{{"n":{n}}}' for n in (1, 2, 3, 4)]
        assert (notifier.asked, board.listener.gaps) == ([{0: 1}], 0)


async def test_what_was_told_while_a_link_was_down_is_told_when_it_is_up_again() -> None:
    notifier = Notifier(1)
    async with linked(notifier) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await notifier.entry(["ana"], {"n": 1})
        await board.listener.told(1)
        await notifier.hang_up()
        await notifier.lose(["ana"], {"n": 2})
        assert await board.listener.told(2) == ['{"n":1}', '{"n":2}']
        assert board.listener.gaps == 0


async def test_what_it_is_too_late_to_tell_is_a_gap_and_then_it_goes_on() -> None:
    notifier = Notifier(2)
    notifier.keeps = False
    async with linked(notifier) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await notifier.lose(["ana"], {"n": 1})
        await notifier.entry(["ana"], {"n": "dropped"})
        await board.gap()
        await notifier.entry(["ana"], {"n": 2})
        assert await board.listener.told(1) == ['{"n":2}']
        assert board.listener.gaps == 1


async def test_an_entry_that_two_owners_tell_of_is_told_once() -> None:
    first, second = Notifier(1, [0]), Notifier(1, [0])
    async with linked(first, second) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await first.entry(["ana"], {"n": 1})
        await board.listener.told(1)
        await second.entry(["ana"], {"n": 1})
        await second.entry(["ana"], {"n": 2})
        assert await board.listener.told(2) == ['{"n":1}', '{"n":2}']
        assert board.listener.gaps == 0


async def test_who_is_acknowledged_by_an_owner_that_gives_up_at_once_is_not_registered() -> None:
    first, second = Notifier(1, [0]), Notifier(1, [])
    async with linked(first, second) as board:
        await board.begun(first, second)
        first.acknowledges = second.acknowledges = False
        board.interest.add("ana")
        registering = asyncio.create_task(board.links.registered("ana"))
        await first.heard_of("ana")
        await second.heard_of("ana")
        before, after = (board.links.to[notifier.port] for notifier in (first, second))
        board.links.told(before, Acknowledged(2))  # all in one turn of the loop
        board.links.told(before, Owns(1, {}))
        board.links.told(after, Owns(1, {0: Place(0, 0)}))
        await asyncio.sleep(0.05)
        assert not registering.done()
        board.links.told(after, Acknowledged(2))
        async with asyncio.timeout(1):
            await registering


async def test_what_a_publisher_repeats_across_a_handover_is_told_once() -> None:
    first, second = Notifier(1, [0]), Notifier(1, [])
    async with linked(first, second) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await second.heard_of("ana")
        for seq in (5, 6, 7, 5):  # and the publisher was about to tell 6 and 7 again
            await first.entry(["ana"], {"seq": seq}, covers=seq)
        await board.listener.told(3)
        await first.own()
        second.at, second.covers = {0: 4}, {0: 5}
        await second.own(0)
        for seq in (6, 7, 8):
            await second.entry(["ana"], {"seq": seq}, covers=seq)
        assert await board.listener.told(4) == [f'{{"seq":{seq}}}' for seq in (5, 6, 7, 8)]
        assert board.listener.gaps == 0


class Broken(Listener):
    """A fault of ours, once."""

    def dispatch(self, entry: Entry) -> None:
        if not self.frames:
            self.frames.append("")
            raise LookupError("a fault of ours")
        super().dispatch(entry)


async def test_a_link_outlives_a_fault_of_ours() -> None:
    notifier = Notifier(1)
    async with linked(notifier, listener=Broken()) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await notifier.entry(["ana"], {"n": 1})
        await notifier.dialled_again()
        await board.registered("ana")
        assert board.listener.gaps == 1
        await notifier.entry(["ana"], {"n": 2})
        await board.listener.told(2)


async def test_what_a_fault_of_ours_kept_from_somebody_does_not_count_before_all_are_told_to_catch_up() -> (
    None
):
    class Looking(Broken):
        def interrupt(self) -> None:
            super().interrupt()
            self.covered = board.stretches.covers(0)

    notifier, listener = Notifier(1), Looking()
    async with linked(notifier, listener=listener) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await notifier.entry(["ana"], {"n": 1}, covers=7)
        await board.gap()
        assert (listener.covered, board.stretches.covers(0)) == (0, 7)


async def test_a_notifier_that_is_not_up_yet_is_dialled_until_it_is() -> None:
    async with AsyncExitStack() as stack:
        late = Notifier(1)
        async with notifying(late):
            pass
        board = Board(late)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(CriticalTasks().running(links=board.links.keep(session)))
        await asyncio.sleep(0.2)
        assert not board.links.ready
        await stack.enter_async_context(notifying(late, late.port))
        board.interest.add("ana")
        await board.registered("ana")


async def test_a_new_owner_that_begins_later_is_asked_for_what_lies_between() -> None:
    first, second = Notifier(1, [0]), Notifier(1, [])
    second.keeps = False
    async with linked(first, second) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await second.heard_of("ana")
        await first.entry(["ana"], {"n": 1})
        await board.listener.told(1)
        second.at, second.covers = {0: 3}, {0: 3}
        await second.own(0)
        assert await second.was_asked() == {0: 1}
        await board.gap()
        await second.entry(["ana"], {"n": 2})
        await board.listener.told(2)
        assert board.listener.gaps == 1


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", '{"type":"dance"}', '{"type":"entry"}', '{"type":"owns","count":1}'],
)
def test_what_is_not_of_the_protocol_is_said_to_be(text: str) -> None:
    with pytest.raises(Incomprehensible):
        link_protocol.parse(text.encode())


async def test_a_notifier_that_talks_nonsense_is_dialled_anew() -> None:
    nonsense = Notifier(1)
    async with linked(nonsense) as board:
        board.interest.add("ana")
        await board.registered("ana")
        await nonsense.say("nonsense")
        await nonsense.dialled_again()
        await board.registered("ana")
        assert len(nonsense.hellos) == 2


async def test_a_notifier_that_stops_talking_keeps_nobody_out_once_another_owns_what_it_had() -> None:
    """Its connection stays: the machine is gone, or the process stands still."""
    silent, heir = Notifier(2, [0, 1]), Notifier(2, [])
    async with linked(silent, heir) as board:
        await board.begun(silent, heir)
        silent.freeze()
        await heir.own(0, 1)
        board.interest.add("ana")
        await board.registered("ana", 5)


@pytest.mark.parametrize("whose", ["the gateway's", "the notifier's"])
async def test_a_stall_of_two_seconds_cuts_no_link(whose: str) -> None:
    async with elsewhere() as (notifier, stall):
        board = Board(notifier)
        async with (
            aiohttp.ClientSession() as session,
            CriticalTasks().running(links=board.links.keep(session)),
        ):
            await board.begun(notifier)
            if whose == "the gateway's":
                time.sleep(2)  # noqa: ASYNC251
            else:
                stall()
            await asyncio.sleep(3.5)
            assert len(notifier.hellos) == 1


@asynccontextmanager
async def elsewhere() -> AsyncIterator[tuple[Notifier, Callable[[], object]]]:
    """A notifier in a thread of its own that says every half second how far it is, and how to stall it."""
    loop, notifier, ready = asyncio.new_event_loop(), Notifier(1), threading.Event()

    async def talk() -> None:
        async with notifying(notifier):
            ready.set()
            while True:
                await notifier.progress(0, 0, 0)
                await asyncio.sleep(0.5)

    talking = loop.create_task(talk())
    thread = threading.Thread(target=partial(_finish, loop, talking))
    thread.start()
    await asyncio.to_thread(ready.wait)
    try:
        yield notifier, lambda: loop.call_soon_threadsafe(time.sleep, 2)
    finally:
        loop.call_soon_threadsafe(talking.cancel)
        await asyncio.to_thread(thread.join)


def _finish(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
