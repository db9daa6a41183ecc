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
from notifier.live.dispatch_entry import Notice
from notifier.live.link import Link
from notifier.live.replay_buffer import Stream
from notifier.live.subscriptions import Interest
from shared.contract.position import next_offset


class Switchboard:
    def __init__(self) -> None:
        self.count = 0
        """How many partitions the topic has; 0 while that is not known."""
        self.streams: dict[int, Stream] = {}
        self.linked = asyncio.Event()
        """Set from the first link on."""
        self._links: set[Link] = set()
        self._interest: Interest[Link] = Interest()

    @property
    def links(self) -> Collection[Link]:
        return self._links

    @property
    def pressed(self) -> bool:
        """A link has trouble to follow."""
        return any(link.outbox.pressed for link in self._links)

    # What the reader says --------------------------------------------------------------------------------

    def open(self, count: int) -> None:
        """The topic has `count` partitions."""
        self.count = count
        self._say_what_is_owned(self._links)

    def own(self, streams: Collection[Stream]) -> None:
        """These partitions are told of from now on, and no others."""
        if not streams and not self.streams:
            return
        self.progress()
        self.streams = {stream.partition: stream for stream in streams}
        self._say_what_is_owned(self._links)

    def tell(self, partition: int, notice: Notice) -> None:
        stream = self._advanced(partition, notice.offset)
        if not stream.admits(notice):
            return
        holders = self._interest.holders(notice.audience)
        for link in self._links if notice.changes_members else holders:
            self._say_entry(link, notice, holders.get(link, ()), partition)
        metrics.entries_dispatched.inc()

    def skip(self, partition: int, offset: int) -> None:
        """The record there is nothing to be told of; its offset counts."""
        self._advanced(partition, offset)

    def progress(self) -> None:
        """Tell every link how far it got."""
        for link in self._links if self.streams else ():
            self._say_progress(link, self.streams.values())

    # What gateways say -----------------------------------------------------------------------------------

    def join(self, link: Link) -> None:
        self._links.add(link)
        self._say_what_is_owned([link])
        self.linked.set()
        metrics.links.inc()

    def announce(self, link: Link, batch: int, users: Iterable[str]) -> None:
        # No stretch reaches across an announcement: what came before it was not looked at for these users.
        if behind := [s for p, s in self.streams.items() if link.told[p] != s.at]:
            self._say_progress(link, behind)
        self._interest.announce(link, users)
        link.outbox.put(link_protocol.acknowledged(batch))

    def withdraw(self, link: Link, batch: int, users: Iterable[str]) -> None:
        self._interest.withdraw(link, users)
        link.outbox.put(link_protocol.acknowledged(batch))

    def replay(self, link: Link, asked: Mapping[int, int]) -> None:
        """Tell again, per partition from the offset asked; or that it is too late for that."""
        lost = []
        for partition, offset in asked.items():
            stream = self.streams.get(partition)
            if stream is None:
                continue  # another's now, and this gateway was told so
            if offset < stream.reaches or link.outbox.pressed:
                lost.append(stream)
                link.told[partition] = stream.at
            else:
                self._retell(link, stream, offset)
        if lost:
            link.outbox.put(link_protocol.gap(lost))
            metrics.link_messages.labels("gap").inc()

    def leave(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
            self._interest.drop(link)
            metrics.links.dec()

    # -----------------------------------------------------------------------------------------------------

    def _advanced(self, partition: int, offset: int) -> Stream:
        stream = self.streams[partition]
        if (
            offset > stream.at
        ):  # Kafka no longer has what lies between: `owns` anew makes it a gap, seen by all
            self.progress()
            stream.skip_to(offset)
            self._say_what_is_owned(self._links)
        stream.advance(offset)
        return stream

    def _retell(self, link: Link, stream: Stream, offset: int) -> None:
        link.told[stream.partition] = min(offset, stream.at)
        for notice in stream.since(offset):
            users = self._interest.holders(notice.audience).get(link, ())
            if users or notice.changes_members:
                self._say_entry(link, notice, users, stream.partition)
        link.outbox.put(link_protocol.progress([stream], link.told))
        link.told[stream.partition] = stream.at

    def _say_entry(self, link: Link, notice: Notice, users: Sequence[str], partition: int) -> None:
        link.outbox.put(link_protocol.entry(notice, users, partition, link.told[partition]))
        link.told[partition] = next_offset(notice.offset)
        metrics.link_messages.labels("entry").inc()

    def _say_progress(self, link: Link, streams: Iterable[Stream]) -> None:
        link.outbox.put(link_protocol.progress(streams, link.told))
        link.told = self._places()
        metrics.link_messages.labels("progress").inc()

    def _say_what_is_owned(self, links: Iterable[Link]) -> None:
        for link in links if self.count else ():
            link.told = self._places()
            link.outbox.put(link_protocol.owns(self.count, self.streams.values()))

    def _places(self) -> dict[int, int]:
        return {partition: stream.at for partition, stream in self.streams.items()}
