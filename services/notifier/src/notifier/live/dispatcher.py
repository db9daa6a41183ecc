"""Routes each entry to the links that subscribed its audience, and reports gap-free progress to all of them.

Everything here is synchronous, on one event loop: an audience is looked up in the moment of dispatch, so a
subscription acknowledged before is in force for it. Each link receives ranges [start, end) of every
partition, each starting where the one before it ended; ranges without anything for the link are merged into
the next one. A gateway that missed a range requests its replay, as far as the
partition's replay buffer goes back.

Entries that may change members go to every link: a gateway caches members without connections, too. So do
revocations: a token that is revoked may be used at any gateway.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from notifier.live import metrics
from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.link import GatewayLink
from notifier.live.replay_buffer import PartitionReplayBuffer
from notifier.live.subscriptions import Subscriptions
from shared.contract.position import next_offset
from shared.internal.link_protocol import (
    Acknowledged,
    Gap,
    PartitionsAssigned,
    Progress,
    Revocation,
    encode_entry,
    encode_notifier_message,
)


class Dispatcher:
    def __init__(self) -> None:
        self.partition_count = 0
        """The number of partitions of the topic; 0 while not known."""
        self.buffers: dict[int, PartitionReplayBuffer] = {}
        """By partition, those assigned to this notifier."""
        self.first_link = asyncio.Event()
        """Set once a gateway has opened a link."""
        self._links: set[GatewayLink] = set()
        self._subscriptions: Subscriptions[GatewayLink] = Subscriptions()

    @property
    def links(self) -> Collection[GatewayLink]:
        return self._links

    @property
    def is_congested(self) -> bool:
        """Whether any link's send queue is more than half full."""
        return any(link.queue.is_congested for link in self._links)

    # Called by the consumer ------------------------------------------------------------------------------

    def set_partition_count(self, partition_count: int) -> None:
        self.partition_count = partition_count
        self._announce_partitions(self._links)

    def set_partitions(self, buffers: Collection[PartitionReplayBuffer]) -> None:
        """Dispatch these partitions from now on, and no others."""
        if not buffers and not self.buffers:
            return
        self.send_progress()
        self.buffers = {buffer.partition: buffer for buffer in buffers}
        self._announce_partitions(self._links)

    def dispatch(self, partition: int, entry: DispatchEntry) -> None:
        """Queue the entry for the links of its audience, once each, unless it is a repetition."""
        buffer = self._advance_to(partition, entry.offset)
        if not buffer.accept_if_new(entry):
            return
        users_by_link = self._subscriptions.links_for(entry.audience)
        for link in self._links if entry.is_for_every_gateway else users_by_link:
            self._send_entry(link, entry, users_by_link.get(link, ()), partition)
        metrics.entries_dispatched.inc()
        metrics.dispatch_delay.observe(time.time() - entry.accepted_at)

    def skip(self, partition: int, offset: int) -> None:
        """Count a record that holds no entry as dispatched."""
        self._advance_to(partition, offset)

    def send_progress(self) -> None:
        """Report to every link how far each partition was dispatched."""
        for link in self._links if self.buffers else ():
            self._send_progress(link, self.buffers.values())

    # Called by the link server ---------------------------------------------------------------------------

    def add_link(self, link: GatewayLink) -> None:
        self._links.add(link)
        self._announce_partitions([link])
        self.first_link.set()
        metrics.links.inc()

    def subscribe(self, link: GatewayLink, batch: int, users: Iterable[str]) -> None:
        """Put the subscriptions in force and acknowledge the batch."""
        # No range may span a new subscription: entries before it were not looked up for these users.
        buffers = self.buffers.values()
        if behind := [b for b in buffers if link.next_offsets[b.partition] != b.next_offset]:
            self._send_progress(link, behind)
        self._subscriptions.subscribe(link, users)
        link.queue.put(encode_notifier_message(Acknowledged(batch)))

    def unsubscribe(self, link: GatewayLink, batch: int, users: Iterable[str]) -> None:
        self._subscriptions.unsubscribe(link, users)
        link.queue.put(encode_notifier_message(Acknowledged(batch)))

    def replay(self, link: GatewayLink, offsets: Mapping[int, int]) -> None:
        """Send again, per partition from the offset on; answer Gap where that is no longer kept, or the
        link's queue is congested."""
        too_old: list[PartitionReplayBuffer] = []
        for partition, offset in offsets.items():
            buffer = self.buffers.get(partition)
            if buffer is None:
                continue  # reassigned meanwhile, and announced so to this gateway
            if offset < buffer.oldest or link.queue.is_congested:
                too_old.append(buffer)
                link.next_offsets[partition] = buffer.next_offset
            else:
                self._replay_from(link, buffer, offset)
        if too_old:
            gap = Gap({buffer.partition: buffer.offsets for buffer in too_old})
            link.queue.put(encode_notifier_message(gap))
            metrics.link_messages.labels("gap").inc()

    def remove_link(self, link: GatewayLink) -> None:
        if link in self._links:
            self._links.remove(link)
            self._subscriptions.remove_link(link)
            metrics.links.dec()

    # -----------------------------------------------------------------------------------------------------

    def _advance_to(self, partition: int, offset: int) -> PartitionReplayBuffer:
        buffer = self.buffers[partition]
        if offset > buffer.next_offset:
            # Kafka deleted the records between: a new announcement makes them a gap to gateways.
            self.send_progress()
            buffer.skip_to(offset)
            self._announce_partitions(self._links)
        buffer.advance(offset)
        return buffer

    def _replay_from(self, link: GatewayLink, buffer: PartitionReplayBuffer, offset: int) -> None:
        link.next_offsets[buffer.partition] = min(offset, buffer.next_offset)
        for entry in buffer.since(offset):
            users = self._subscriptions.links_for(entry.audience).get(link, ())
            if users or entry.is_for_every_gateway:
                self._send_entry(link, entry, users, buffer.partition)
        remainder = buffer.range_from(link.next_offsets[buffer.partition])
        link.queue.put(encode_notifier_message(Progress([remainder])))
        link.next_offsets[buffer.partition] = buffer.next_offset

    def _send_entry(
        self, link: GatewayLink, entry: DispatchEntry, users: Sequence[str], partition: int
    ) -> None:
        end = next_offset(entry.offset)
        start, source_offset = link.next_offsets[partition], next_offset(entry.position.offset)
        if (revoked := entry.revocation) is not None:
            revocation = Revocation(partition, start, end, source_offset, revoked.user_id, revoked.revoked_at)
            message = encode_notifier_message(revocation)
        else:
            message = encode_entry(
                partition,
                start,
                end,
                source_offset,
                entry.kind,
                entry.conversation,
                users,
                entry.frame,
                entry.accepted_at,
                entry.traceparent,
            )
        link.queue.put(message)
        link.next_offsets[partition] = end
        metrics.link_messages.labels("entry").inc()

    def _send_progress(self, link: GatewayLink, buffers: Iterable[PartitionReplayBuffer]) -> None:
        ranges = [buffer.range_from(link.next_offsets[buffer.partition]) for buffer in buffers]
        link.queue.put(encode_notifier_message(Progress(ranges)))
        link.next_offsets = self._next_offsets()
        metrics.link_messages.labels("progress").inc()

    def _announce_partitions(self, links: Iterable[GatewayLink]) -> None:
        if not self.partition_count:
            return
        partitions = {partition: buffer.offsets for partition, buffer in self.buffers.items()}
        message = encode_notifier_message(PartitionsAssigned(self.partition_count, partitions))
        for link in links:
            link.next_offsets = self._next_offsets()
            link.queue.put(message)

    def _next_offsets(self) -> dict[int, int]:
        return {partition: buffer.next_offset for partition, buffer in self.buffers.items()}
