"""Tells each link what is for it, and without holes how far it got.

All of it is synchronous, on one loop: whom an entry is for is looked up in the moment in which it is told, so
a batch that was acknowledged before holds for it. What each link is told are stretches [after, upTo) of each
partition, each beginning where the one before it ended; those in which nothing was for it are merged. A link
that missed some asks, and is told again from there, as far as a stream's ring reaches.

Entries that may change who is a member go to every link: a gateway remembers members whom it has no sockets
of, too.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from notifier.live import link_protocol, metrics
from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.link import GatewayLink
from notifier.live.replay_buffer import PartitionReplayBuffer
from notifier.live.subscriptions import Subscriptions
from shared.contract.position import after


class Dispatcher:
    def __init__(self) -> None:
        self.partition_count = 0
        """How many partitions the topic has; 0 while that is not known."""
        self.buffers: dict[int, PartitionReplayBuffer] = {}
        self.first_link = asyncio.Event()
        """Set from the first link on."""
        self._links: set[GatewayLink] = set()
        self._subscriptions: Subscriptions[GatewayLink] = Subscriptions()

    @property
    def links(self) -> Collection[GatewayLink]:
        return self._links

    @property
    def is_congested(self) -> bool:
        """A link has trouble to follow."""
        return any(link.queue.is_congested for link in self._links)

    # What the reader says --------------------------------------------------------------------------------

    def set_partition_count(self, partition_count: int) -> None:
        """The topic has `count` partitions."""
        self.partition_count = partition_count
        self._announce_partitions(self._links)

    def set_partitions(self, buffers: Collection[PartitionReplayBuffer]) -> None:
        """These partitions are told of from now on, and no others."""
        if not buffers and not self.buffers:
            return
        self.send_progress()
        self.buffers = {buffer.partition: buffer for buffer in buffers}
        self._announce_partitions(self._links)

    def dispatch(self, partition: int, entry: DispatchEntry) -> None:
        buffer = self._advance_to(partition, entry.offset)
        if not buffer.accept_if_new(entry):
            return
        links_for = self._subscriptions.links_for(entry.audience)
        for link in self._links if entry.changes_membership else links_for:
            self._send_entry(link, entry, links_for.get(link, ()), partition)
        metrics.entries_dispatched.inc()

    def skip(self, partition: int, offset: int) -> None:
        """The record there is nothing to be told of; its offset counts."""
        self._advance_to(partition, offset)

    def send_progress(self) -> None:
        """Tell every link how far it got."""
        for link in self._links if self.buffers else ():
            self._send_progress(link, self.buffers.values())

    # What gateways say -----------------------------------------------------------------------------------

    def add_link(self, link: GatewayLink) -> None:
        self._links.add(link)
        self._announce_partitions([link])
        self.first_link.set()
        metrics.links.inc()

    def subscribe(self, link: GatewayLink, batch: int, users: Iterable[str]) -> None:
        # No stretch reaches across an announcement: what came before it was not looked at for these users.
        if behind := [
            buffer
            for partition, buffer in self.buffers.items()
            if link.next_offsets[partition] != buffer.next_offset
        ]:
            self._send_progress(link, behind)
        self._subscriptions.subscribe(link, users)
        link.queue.put(link_protocol.acknowledged(batch))

    def unsubscribe(self, link: GatewayLink, batch: int, users: Iterable[str]) -> None:
        self._subscriptions.unsubscribe(link, users)
        link.queue.put(link_protocol.acknowledged(batch))

    def replay(self, link: GatewayLink, offsets: Mapping[int, int]) -> None:
        """Tell again, per partition from the offset asked; or that it is too late for that."""
        too_old = []
        for partition, offset in offsets.items():
            buffer = self.buffers.get(partition)
            if buffer is None:
                continue  # another's now, and this gateway was told so
            if offset < buffer.oldest or link.queue.is_congested:
                too_old.append(buffer)
                link.next_offsets[partition] = buffer.next_offset
            else:
                self._replay_from(link, buffer, offset)
        if too_old:
            link.queue.put(link_protocol.gap(too_old))
            metrics.link_messages.labels("gap").inc()

    def remove_link(self, link: GatewayLink) -> None:
        if link in self._links:
            self._links.remove(link)
            self._subscriptions.remove_link(link)
            metrics.links.dec()

    # -----------------------------------------------------------------------------------------------------

    def _advance_to(self, partition: int, offset: int) -> PartitionReplayBuffer:
        buffer = self.buffers[partition]
        if (
            offset > buffer.next_offset
        ):  # Kafka no longer has what lies between: `owns` anew makes it a gap, seen by all
            self.send_progress()
            buffer.skip_to(offset)
            self._announce_partitions(self._links)
        buffer.advance(offset)
        return buffer

    def _replay_from(self, link: GatewayLink, buffer: PartitionReplayBuffer, offset: int) -> None:
        link.next_offsets[buffer.partition] = min(offset, buffer.next_offset)
        for entry in buffer.since(offset):
            users = self._subscriptions.links_for(entry.audience).get(link, ())
            if users or entry.changes_membership:
                self._send_entry(link, entry, users, buffer.partition)
        link.queue.put(link_protocol.progress([buffer], link.next_offsets))
        link.next_offsets[buffer.partition] = buffer.next_offset

    def _send_entry(
        self, link: GatewayLink, entry: DispatchEntry, users: Sequence[str], partition: int
    ) -> None:
        link.queue.put(link_protocol.entry(entry, users, partition, link.next_offsets[partition]))
        link.next_offsets[partition] = after(entry.offset)
        metrics.link_messages.labels("entry").inc()

    def _send_progress(self, link: GatewayLink, buffers: Iterable[PartitionReplayBuffer]) -> None:
        link.queue.put(link_protocol.progress(buffers, link.next_offsets))
        link.next_offsets = self._next_offsets()
        metrics.link_messages.labels("progress").inc()

    def _announce_partitions(self, links: Iterable[GatewayLink]) -> None:
        for link in links if self.partition_count else ():
            link.next_offsets = self._next_offsets()
            link.queue.put(link_protocol.assigned(self.partition_count, self.buffers.values()))

    def _next_offsets(self) -> dict[int, int]:
        return {partition: buffer.next_offset for partition, buffer in self.buffers.items()}
