"""The parts of a running gateway."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from gateway.auth.origins import Origins
from gateway.commands.command_service import Sending
from gateway.commands.event_producer import EventLog
from gateway.commands.membership_cache import Membership
from gateway.commands.progress_reader import Present
from gateway.commands.read_receipts import Reads
from gateway.critical_tasks import Vital
from gateway.notifiers.link_pool import LinkPool
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.settings import Settings
from gateway.store.client import StorePort
from gateway.websocket.admission import Admission
from gateway.websocket.catch_up import CatchUp
from gateway.websocket.registry import Sockets
from shared.contract import ids

_WRITTEN_WITHIN = 1.0  # a log that is away is not waited for: whoever stops us does not wait long either


@dataclass(frozen=True)
class Door:
    settings: Settings
    events: EventLog
    store: StorePort
    origins: Origins
    membership: Membership
    sending: Sending
    reads: Reads
    offset_tracker: OffsetTracker
    sockets: Sockets
    links: LinkPool
    present: Present
    vital: Vital
    catch_up: CatchUp
    admission: Admission

    @classmethod
    def hung(cls, settings: Settings, events: EventLog, store: StorePort) -> "Door":
        """Everything between the clients and these three."""
        subscriptions, offset_tracker = UserSubscriptions(), OffsetTracker()
        membership = Membership(store, offset_tracker)
        sending = Sending(events, membership, settings.source)
        rate = settings.arrivals_per_second
        sockets = Sockets(subscriptions, membership, most=settings.max_sockets, rate=rate)
        return cls(
            settings=settings,
            events=events,
            store=store,
            origins=Origins(settings.origins, loopback=settings.loopback),
            membership=membership,
            sending=sending,
            reads=Reads(sending),
            offset_tracker=offset_tracker,
            sockets=sockets,
            links=LinkPool(
                addresses=settings.notifier_addresses,
                gateway=ids.fresh_id(),
                user_subscriptions=subscriptions,
                offset_tracker=offset_tracker,
                receiver=sockets,
            ),
            present=Present(store, events),
            vital=Vital(),
            catch_up=CatchUp(store, events),
            admission=Admission(rate),
        )

    def not_ready(self) -> list[str]:
        """Why this gateway should get no traffic. About itself alone: what it cannot do while a broker, the
        store or a notifier is away it answers with 503 and `Retry-After`, or 1012 and `afterMs`; all gateways
        not ready at once would have connections refused."""
        reasons = {
            "the log was not seen yet": self.events.identity is None,
            "draining": self.sockets.draining,
        }
        return [reason for reason, holds in reasons.items() if holds]

    async def drain(self) -> None:
        """Send everybody elsewhere, and finish what was begun."""
        await self.sockets.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(_WRITTEN_WITHIN):
                await self.reads.flush()
