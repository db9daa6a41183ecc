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
from structlog.testing import capture_logs

from gateway.notifiers.link import NotifierLink
from gateway.notifiers.link_pool import LinkPool
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.settings import Address
from shared.internal.link_protocol import (
    MISMATCH_CLOSE_CODE,
    SUBPROTOCOL,
    Acknowledged,
    LinkEntry,
    NotifierMessage,
    OffsetRange,
    PartitionOffsets,
    PartitionsAssigned,
    Progress,
    Revocation,
    encode_notifier_message,
)
from shared.runtime.back_off import BackOff
from shared.runtime.critical_tasks import CriticalTasks
from tests.fixtures.recording_connection import text_of
from tests.fixtures.recording_revocations import RecordingRevocations
from tests.fixtures.security_events import counted
from tests.unit.gateway.fake_notifier import FakeNotifier, serve_notifier


class Receiver:
    def __init__(self) -> None:
        self.frames: list[str] = []
        self.resyncs = 0
        self.received = asyncio.Event()

    def dispatch(self, entry: LinkEntry) -> None:
        self.frames.append(text_of(entry.frame))
        self.received.set()

    def resync_all(self) -> None:
        self.resyncs += 1

    async def wait_for_frames(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.frames) < count:
                self.received.clear()
                await self.received.wait()
        return self.frames


class RecordingLinkPool(LinkPool):
    """`by_port`: each link that received a message, by its port."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.by_port: dict[int, NotifierLink] = {}

    def on_message(self, link: NotifierLink, message: NotifierMessage) -> None:
        self.by_port[link.address.port] = link
        super().on_message(link, message)


class Gateway:
    def __init__(self, *notifiers: FakeNotifier, receiver: Receiver | None = None) -> None:
        self.subscriptions, self.offset_tracker = UserSubscriptions(), OffsetTracker()
        self.receiver = receiver or Receiver()
        self.revocations = RecordingRevocations()
        addresses = [Address("localhost", notifier.port) for notifier in notifiers]
        self.link_pool = RecordingLinkPool(
            addresses=addresses,
            gateway="g1",
            user_subscriptions=self.subscriptions,
            offset_tracker=self.offset_tracker,
            receiver=self.receiver,
            revocations=self.revocations,
        )

    async def wait_until_active(self, user: str, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            await self.link_pool.wait_until_active(user)

    async def wait_for_resync(self) -> None:
        async with asyncio.timeout(5):
            while not self.receiver.resyncs:
                await asyncio.sleep(0.01)

    async def wait_until_ready(self, *notifiers: FakeNotifier) -> None:
        """Return once every notifier has acknowledged the first batch."""
        async with asyncio.timeout(5):
            while not all(
                n.port in self.link_pool.by_port and self.link_pool.by_port[n.port].is_ready
                for n in notifiers
            ):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def linked_gateway(
    *notifiers: FakeNotifier, receiver: Receiver | None = None
) -> AsyncIterator[Gateway]:
    async with AsyncExitStack() as stack:
        for notifier in notifiers:
            await stack.enter_async_context(serve_notifier(notifier))
        gateway = Gateway(*notifiers, receiver=receiver)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(CriticalTasks().running(links=gateway.link_pool.run(session)))
        yield gateway


async def test_a_user_is_active_once_every_owner_acknowledged() -> None:
    first, second = FakeNotifier(4, [0, 1]), FakeNotifier(4, [2, 3])
    second.acknowledges = False
    async with linked_gateway(first, second) as gateway:
        gateway.subscriptions.add("ana")
        with pytest.raises(TimeoutError):
            await gateway.wait_until_active("ana", 0.2)
        assert not gateway.link_pool.is_ready
        await second.acknowledge()
        await gateway.wait_until_active("ana")
        assert gateway.link_pool.is_ready


async def test_a_notifier_without_partitions_need_not_acknowledge() -> None:
    owner, idle = FakeNotifier(4), FakeNotifier(4, [])
    idle.acknowledges = False
    async with linked_gateway(owner, idle) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")


async def test_no_user_is_active_while_a_partition_has_no_owner() -> None:
    first, second = FakeNotifier(4, [0, 1]), FakeNotifier(4, [2])
    async with linked_gateway(first, second) as gateway:
        gateway.subscriptions.add("ana")
        with pytest.raises(TimeoutError):
            await gateway.wait_until_active("ana", 0.2)
        await second.assign(2, 3)
        await gateway.wait_until_active("ana")


async def test_entries_of_a_new_owner_that_has_not_acknowledged_every_user_are_replayed() -> None:
    first, second = FakeNotifier(1, [0]), FakeNotifier(1, [])
    async with linked_gateway(first, second) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await second.wait_for_user("ana")
        await second.assign(0)
        await second.send_entry(["ana"], {"n": 1})
        await gateway.receiver.wait_for_frames(1)
        await second.assign()
        second.acknowledges = False
        gateway.subscriptions.add("ben")
        await gateway.wait_until_active("ben")
        await second.wait_for_user("ben")
        second.next_offsets = {0: 1}
        await second.assign(0)
        await second.send_entry(["ana"], {"n": 2})
        assert not second.replay_requests
        await second.acknowledge()
        assert await gateway.receiver.wait_for_frames(2) == ['{"n":1}', '{"n":2}']
        assert (second.replay_requests, gateway.receiver.resyncs) == ([{0: 1}], 0)


async def test_a_replay_that_arrives_while_a_user_is_not_acknowledged_is_requested_again() -> None:
    notifier, other = FakeNotifier(2, [0]), FakeNotifier(2, [1])
    async with linked_gateway(notifier, other) as gateway:
        await notifier.wait_for_replay_request()
        gateway.subscriptions.add("ben")  # his acknowledgement comes after the replay
        await gateway.wait_until_active("ben")
        link = gateway.link_pool.by_port[notifier.port]
        notifier.replay_requests.clear()
        notifier.acknowledges = False
        gateway.subscriptions.add("ana")
        gateway.link_pool.on_message(link, Progress([OffsetRange(0, 5, 5, 0)]))
        gateway.link_pool.on_message(
            link, PartitionsAssigned(2, {0: PartitionOffsets(0, 0), 1: PartitionOffsets(0, 0)})
        )
        await notifier.wait_for_user("ana")
        assert await notifier.wait_for_replay_request() == {0: 0}
        notifier.replay_requests.clear()
        await notifier.acknowledge()
        assert await notifier.wait_for_replay_request() == {0: 0, 1: 0}


async def test_a_user_who_leaves_before_a_new_owner_acknowledged_them_is_not_required() -> None:
    first, second = FakeNotifier(1, [0]), FakeNotifier(1, [])
    async with linked_gateway(first, second) as gateway:
        await gateway.wait_until_ready(first, second)
        second.acknowledges = False
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await first.assign()
        await second.assign(0)
        async with asyncio.timeout(5):
            while gateway.link_pool.by_port[second.port].is_ready:
                await asyncio.sleep(0.01)
        gateway.subscriptions.remove("ana")
        await second.wait_for_user("ana", present=False)
        second.acknowledges = True
        gateway.subscriptions.add("ben")
        await gateway.wait_until_active("ben")
        await second.send_entry(["ben"], {"n": 1})
        await gateway.receiver.wait_for_frames(1)


async def test_lost_entries_are_replayed_in_order() -> None:
    notifier = FakeNotifier(1)
    async with linked_gateway(notifier) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await notifier.send_entry(["ana"], {"n": 1})
        await gateway.receiver.wait_for_frames(1)
        notifier.replay_requests.clear()
        await notifier.lose_entry(["ana"], {"n": 2})
        for n in (3, 4):
            await notifier.send_entry(["ana"], {"n": n})
        assert await gateway.receiver.wait_for_frames(4) == [f'{{"n":{n}}}' for n in (1, 2, 3, 4)]
        assert (notifier.replay_requests, gateway.receiver.resyncs) == ([{0: 1}], 0)


async def test_entries_dispatched_while_a_link_was_down_are_replayed_when_it_is_up() -> None:
    notifier = FakeNotifier(1)
    async with linked_gateway(notifier) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await notifier.send_entry(["ana"], {"n": 1})
        await gateway.receiver.wait_for_frames(1)
        await notifier.disconnect()
        await notifier.lose_entry(["ana"], {"n": 2})
        assert await gateway.receiver.wait_for_frames(2) == ['{"n":1}', '{"n":2}']
        assert gateway.receiver.resyncs == 0


async def test_entries_too_old_to_replay_are_a_gap_and_later_ones_arrive() -> None:
    notifier = FakeNotifier(2)
    notifier.can_replay = False
    async with linked_gateway(notifier) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await notifier.lose_entry(["ana"], {"n": 1})
        await notifier.send_entry(["ana"], {"n": "dropped"})
        await gateway.wait_for_resync()
        await notifier.send_entry(["ana"], {"n": 2})
        assert await gateway.receiver.wait_for_frames(1) == ['{"n":2}']
        assert gateway.receiver.resyncs == 1
        assert gateway.revocations.reloads == 1


async def test_a_revocation_arrives_once_without_any_user_here() -> None:
    notifier = FakeNotifier(1)
    async with linked_gateway(notifier) as gateway:
        await gateway.wait_until_ready(notifier)
        for start, source_offset in ((0, 1), (0, 1), (1, 1), (2, 2)):
            revocation = Revocation(0, start, start + 1, source_offset, "ana", f"time {source_offset}")
            await notifier.send(encode_notifier_message(revocation))
        gateway.subscriptions.add("ben")
        await gateway.wait_until_active("ben")
        notifier.next_offsets[0] = 3
        await notifier.send_entry(["ben"], {"n": 1}, source_offset=9)
        await gateway.receiver.wait_for_frames(1)
        assert gateway.revocations.revoked == [("ana", "time 1"), ("ana", "time 2")]


async def test_a_lost_link_may_have_missed_revocations() -> None:
    notifier = FakeNotifier(1)
    async with linked_gateway(notifier) as gateway:
        await gateway.wait_until_ready(notifier)
        await notifier.disconnect()
        async with asyncio.timeout(5):
            while not gateway.revocations.reloads:
                await asyncio.sleep(0.01)


async def test_an_entry_that_two_owners_send_is_delivered_once() -> None:
    first, second = FakeNotifier(1, [0]), FakeNotifier(1, [0])
    async with linked_gateway(first, second) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await first.send_entry(["ana"], {"n": 1})
        await gateway.receiver.wait_for_frames(1)
        await second.send_entry(["ana"], {"n": 1})
        await second.send_entry(["ana"], {"n": 2})
        assert await gateway.receiver.wait_for_frames(2) == ['{"n":1}', '{"n":2}']
        assert gateway.receiver.resyncs == 0


async def test_a_user_acknowledged_by_an_owner_that_loses_its_partition_at_once_is_not_active() -> None:
    first, second = FakeNotifier(1, [0]), FakeNotifier(1, [])
    async with linked_gateway(first, second) as gateway:
        await gateway.wait_until_ready(first, second)
        first.acknowledges = second.acknowledges = False
        gateway.subscriptions.add("ana")
        registering = asyncio.create_task(gateway.link_pool.wait_until_active("ana"))
        await first.wait_for_user("ana")
        await second.wait_for_user("ana")
        before, after = (gateway.link_pool.by_port[notifier.port] for notifier in (first, second))
        gateway.link_pool.on_message(before, Acknowledged(2))  # all in one turn of the loop
        gateway.link_pool.on_message(before, PartitionsAssigned(1, {}))
        gateway.link_pool.on_message(after, PartitionsAssigned(1, {0: PartitionOffsets(0, 0)}))
        await asyncio.sleep(0.05)
        assert not registering.done()
        gateway.link_pool.on_message(after, Acknowledged(2))
        async with asyncio.timeout(1):
            await registering


async def test_an_event_that_a_publisher_repeats_across_a_handover_is_delivered_once() -> None:
    first, second = FakeNotifier(1, [0]), FakeNotifier(1, [])
    async with linked_gateway(first, second) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await second.wait_for_user("ana")
        for seq in (5, 6, 7, 5):  # and the publisher was about to repeat 6 and 7
            await first.send_entry(["ana"], {"seq": seq}, source_offset=seq)
        await gateway.receiver.wait_for_frames(3)
        await first.assign()
        second.next_offsets, second.source_offsets = {0: 4}, {0: 5}
        await second.assign(0)
        for seq in (6, 7, 8):
            await second.send_entry(["ana"], {"seq": seq}, source_offset=seq)
        assert await gateway.receiver.wait_for_frames(4) == [f'{{"seq":{seq}}}' for seq in (5, 6, 7, 8)]
        assert gateway.receiver.resyncs == 0


class FailingReceiver(Receiver):
    """Fails at the first entry."""

    def dispatch(self, entry: LinkEntry) -> None:
        if not self.frames:
            self.frames.append("")
            raise LookupError("a bug")
        super().dispatch(entry)


async def test_a_link_survives_a_failed_dispatch() -> None:
    notifier = FakeNotifier(1)
    async with linked_gateway(notifier, receiver=FailingReceiver()) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await notifier.send_entry(["ana"], {"n": 1})
        await notifier.wait_for_reconnect()
        await gateway.wait_until_active("ana")
        assert gateway.receiver.resyncs == 1
        await notifier.send_entry(["ana"], {"n": 2})
        await gateway.receiver.wait_for_frames(2)


async def test_an_entry_whose_dispatch_failed_does_not_count_before_all_connections_resync() -> None:
    class RecordingReceiver(FailingReceiver):
        def resync_all(self) -> None:
            super().resync_all()
            self.source_offset_at_resync = gateway.offset_tracker.source_offset(0)

    notifier, receiver = FakeNotifier(1), RecordingReceiver()
    async with linked_gateway(notifier, receiver=receiver) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await notifier.send_entry(["ana"], {"n": 1}, source_offset=7)
        await gateway.wait_for_resync()
        assert (receiver.source_offset_at_resync, gateway.offset_tracker.source_offset(0)) == (0, 7)


async def test_a_notifier_that_is_not_up_yet_is_connected_to_once_it_is() -> None:
    async with AsyncExitStack() as stack:
        late = FakeNotifier(1)
        async with serve_notifier(late):
            pass
        gateway = Gateway(late)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(CriticalTasks().running(links=gateway.link_pool.run(session)))
        await asyncio.sleep(0.2)
        assert not gateway.link_pool.is_ready
        await stack.enter_async_context(serve_notifier(late, late.port))
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")


async def test_a_new_owner_that_starts_later_gets_a_replay_request_for_the_records_between() -> None:
    first, second = FakeNotifier(1, [0]), FakeNotifier(1, [])
    second.can_replay = False
    async with linked_gateway(first, second) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await second.wait_for_user("ana")
        await first.send_entry(["ana"], {"n": 1})
        await gateway.receiver.wait_for_frames(1)
        second.next_offsets, second.source_offsets = {0: 3}, {0: 3}
        await second.assign(0)
        assert await second.wait_for_replay_request() == {0: 1}
        await gateway.wait_for_resync()
        await second.send_entry(["ana"], {"n": 2})
        await gateway.receiver.wait_for_frames(2)
        assert gateway.receiver.resyncs == 1


async def test_a_notifier_that_breaks_the_protocol_is_reconnected() -> None:
    notifier = FakeNotifier(1)
    async with linked_gateway(notifier) as gateway:
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana")
        await notifier.send("no JSON")
        await notifier.wait_for_reconnect()
        await gateway.wait_until_active("ana")
        assert len(notifier.hellos) == 2


@pytest.mark.parametrize(("stable_seconds", "intervals"), [(60.0, [0.05, 0.1, 0.2, 0.4]), (0.0, [0.05] * 4)])
async def test_a_notifier_that_drops_its_links_is_reconnected_ever_later_until_one_lasts(
    stable_seconds: float, intervals: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    class RecordingBackOff(BackOff):
        async def sleep(self) -> None:
            slept.append(self._interval)
            await super().sleep()

    monkeypatch.setattr("gateway.notifiers.link.BackOff", RecordingBackOff)
    monkeypatch.setattr("gateway.notifiers.link._STABLE_SECONDS", stable_seconds)
    async with serve_notifier(FakeNotifier(1)) as notifier, linked_gateway(notifier) as gateway:
        async with asyncio.timeout(10):
            while len(slept) < len(intervals):
                await notifier.disconnect()
                await asyncio.sleep(0.01)
        assert gateway.link_pool.by_port
    assert slept[: len(intervals)] == intervals


async def test_a_silent_notifier_blocks_no_user_once_another_owns_its_partitions() -> None:
    """Its connection stays, as when its machine is gone or its process is stopped."""
    silent, successor = FakeNotifier(2, [0, 1]), FakeNotifier(2, [])
    async with linked_gateway(silent, successor) as gateway:
        await gateway.wait_until_ready(silent, successor)
        silent.freeze()
        await successor.assign(0, 1)
        gateway.subscriptions.add("ana")
        await gateway.wait_until_active("ana", 5)


async def test_a_protocol_mismatch_is_logged_once_and_retried_until_the_notifier_is_upgraded() -> None:
    notifier, refused_before = FakeNotifier(1), counted("link_refused")
    with capture_logs() as logs:
        async with AsyncExitStack() as stack:
            async with serve_notifier(notifier, subprotocol="parley.link.0"):
                gateway = Gateway(notifier)
                session = await stack.enter_async_context(aiohttp.ClientSession())
                await stack.enter_async_context(CriticalTasks().running(links=gateway.link_pool.run(session)))
                async with asyncio.timeout(5):
                    while len(notifier.refusals) < 3:
                        await asyncio.sleep(0.01)
                assert not notifier.hellos
            await stack.enter_async_context(serve_notifier(notifier, notifier.port))
            await gateway.wait_until_ready(notifier)
    assert set(notifier.refusals) == {(MISMATCH_CLOSE_CODE, f"gateway speaks {SUBPROTOCOL}")}
    (mismatch,) = [line for line in logs if line["event"] == "link.protocol_mismatch"]
    assert mismatch["log_level"] == "error"
    assert mismatch["reason"] == f"the notifier did not accept {SUBPROTOCOL}"
    assert counted("link_refused") >= refused_before + 3


@pytest.mark.parametrize("stalled", ["gateway", "notifier"])
async def test_a_stall_of_two_seconds_cuts_no_link(stalled: str) -> None:
    async with notifier_in_a_thread() as (notifier, stall):
        gateway = Gateway(notifier)
        async with (
            aiohttp.ClientSession() as session,
            CriticalTasks().running(links=gateway.link_pool.run(session)),
        ):
            await gateway.wait_until_ready(notifier)
            if stalled == "gateway":
                time.sleep(2)  # noqa: ASYNC251
            else:
                stall()
            await asyncio.sleep(3.5)
            assert len(notifier.hellos) == 1


@asynccontextmanager
async def notifier_in_a_thread() -> AsyncIterator[tuple[FakeNotifier, Callable[[], object]]]:
    """A notifier in a thread of its own that sends progress twice a second, and a function that stalls it."""
    loop, notifier, ready = asyncio.new_event_loop(), FakeNotifier(1), threading.Event()

    async def send_progress() -> None:
        async with serve_notifier(notifier):
            ready.set()
            while True:
                await notifier.send_progress(0, 0, 0)
                await asyncio.sleep(0.5)

    sending = loop.create_task(send_progress())
    thread = threading.Thread(target=partial(_finish, loop, sending))
    thread.start()
    await asyncio.to_thread(ready.wait)
    try:
        yield notifier, lambda: loop.call_soon_threadsafe(time.sleep, 2)
    finally:
        loop.call_soon_threadsafe(sending.cancel)
        await asyncio.to_thread(thread.join)


def _finish(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
