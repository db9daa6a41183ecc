"""The parts of a running gateway."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from gateway.auth.origins import Origins
from gateway.commands.command_service import CommandService
from gateway.commands.event_producer import EventProducer
from gateway.commands.membership_cache import MembershipCache
from gateway.commands.progress_reader import CoalescedProgressReader
from gateway.commands.read_receipts import ReadReceiptCoalescer
from gateway.critical_tasks import CriticalTasks
from gateway.notifiers.link_pool import Links
from gateway.notifiers.offset_tracker import Stretches
from gateway.notifiers.subscriptions import Interest
from gateway.settings import Settings
from gateway.store.client import StorePort
from gateway.websocket.admission import Admission
from gateway.websocket.catch_up import CatchUp
from gateway.websocket.registry import ConnectionRegistry
from shared.contract import ids

_FLUSH_TIMEOUT_SECONDS = (
    1.0  # a log that is away is not waited for: whoever stops us does not wait long either
)


@dataclass(frozen=True)
class GatewayComponents:
    settings: Settings
    events: EventProducer
    store: StorePort
    origins: Origins
    membership: MembershipCache
    commands: CommandService
    read_receipts: ReadReceiptCoalescer
    stretches: Stretches
    connections: ConnectionRegistry
    links: Links
    progress_reader: CoalescedProgressReader
    critical_tasks: CriticalTasks
    catch_up: CatchUp
    admission: Admission

    @classmethod
    def build(cls, settings: Settings, events: EventProducer, store: StorePort) -> "GatewayComponents":
        """Everything between the clients and these three."""
        interest, stretches = Interest(), Stretches()
        membership = MembershipCache(store, stretches)
        commands = CommandService(events, membership, settings.source)
        rate = settings.arrivals_per_second
        connections = ConnectionRegistry(
            interest, membership, max_connections=settings.max_sockets, rate=rate
        )
        return cls(
            settings=settings,
            events=events,
            store=store,
            origins=Origins(settings.origins, loopback=settings.loopback),
            membership=membership,
            commands=commands,
            read_receipts=ReadReceiptCoalescer(commands),
            stretches=stretches,
            connections=connections,
            links=Links(settings.notifier_addresses, ids.fresh_id(), interest, stretches, connections),
            progress_reader=CoalescedProgressReader(store, events),
            critical_tasks=CriticalTasks(),
            catch_up=CatchUp(store, events),
            admission=Admission(rate),
        )

    def unready_reasons(self) -> list[str]:
        """Why this gateway should get no traffic. About itself alone: what it cannot do while a broker, the
        store or a notifier is away it answers with 503 and `Retry-After`, or 1012 and `afterMs`; all gateways
        not ready at once would have connections refused."""
        reasons = {
            "the log was not seen yet": self.events.identity is None,
            "draining": self.connections.draining,
        }
        return [reason for reason, holds in reasons.items() if holds]

    async def drain(self) -> None:
        """Send everybody elsewhere, and finish what was begun."""
        await self.connections.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_TIMEOUT_SECONDS):
                await self.read_receipts.flush()
