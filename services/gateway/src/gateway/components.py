"""Builds and connects the parts of a gateway."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateway.auth import ticket_keys
from gateway.auth.authenticator import Authenticator
from gateway.auth.origins import Origins
from gateway.auth.revocations import Revocations, UnrevokedAuthenticator
from gateway.auth.tickets import TicketAuthenticator, TicketSealer
from gateway.commands.command import Command, CommandContext
from gateway.commands.event_producer import EventProducer
from gateway.commands.event_writer import EventWriter
from gateway.commands.mark_read import append_read
from gateway.commands.membership_cache import MembershipCache
from gateway.commands.progress_reader import CoalescedProgressReader
from gateway.commands.read_receipts import ReadReceiptCoalescer
from gateway.commands.registry import COMMANDS, FRAME_COMMANDS
from gateway.limits.user_limits import UserLimits
from gateway.notifiers.link_pool import LinkPool
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.notifiers.traced_receiver import traced
from gateway.proxies.address_limits import AddressLimits, TokenBuckets
from gateway.settings import Settings
from gateway.store.client import StorePort
from gateway.websocket.admission import Admission
from gateway.websocket.catch_up import CatchUp
from gateway.websocket.endpoint import WebSocketEndpoint
from gateway.websocket.registry import CLOSE_TIMEOUT_SECONDS, ConnectionRegistry
from gateway.websocket.session import SessionContext
from shared.contract import ids
from shared.http.health import Health
from shared.runtime.critical_tasks import CriticalTasks
from shared.tracing.port import NO_TRACER, Tracer

_FLUSH_TIMEOUT_SECONDS = 1.0
_AFTER_DRAIN_SECONDS = 3.0
"""For requests in progress and the end of the components."""
_AFTER_LEAVING_SECONDS = CLOSE_TIMEOUT_SECONDS + _FLUSH_TIMEOUT_SECONDS + _AFTER_DRAIN_SECONDS
"""Of DRAIN_SECONDS."""


@dataclass(frozen=True)
class GatewayComponents:
    settings: Settings
    producer: EventProducer
    store: StorePort
    authenticator: Authenticator
    origins: Origins
    limits: UserLimits
    address_limits: AddressLimits
    membership: MembershipCache
    writer: EventWriter
    commands: list[Command[Any]]
    read_receipts: ReadReceiptCoalescer
    connections: ConnectionRegistry
    revocations: Revocations
    tickets: TicketSealer
    links: LinkPool
    critical_tasks: CriticalTasks
    websocket: WebSocketEndpoint
    tracer: Tracer

    @classmethod
    def build(
        cls,
        settings: Settings,
        producer: EventProducer,
        store: StorePort,
        authenticator: Authenticator,
        critical_tasks: CriticalTasks,
        tracer: Tracer = NO_TRACER,
    ) -> "GatewayComponents":
        """Build everything that stands between the clients, the log and the store. Starts nothing."""
        subscriptions, tracker = UserSubscriptions(), OffsetTracker()
        limits = UserLimits.build(settings)
        membership = MembershipCache(store, tracker, limits.lookups)
        writer = EventWriter(producer, settings.source)
        read_receipts = ReadReceiptCoalescer(partial(append_read, writer))
        commands = CommandContext(writer, membership, read_receipts, store)
        connections = ConnectionRegistry(subscriptions, membership, max_connections=settings.max_sockets)
        revocations = Revocations(
            store,
            max_age=settings.jwt_max_age,
            leeway=settings.jwt_leeway,
            on_revoked=connections.close_revoked,
        )
        tickets = TicketSealer(ticket_keys.parse(settings.ticket_keys.get_secret_value()))
        unrevoked = UnrevokedAuthenticator(revocations, authenticator)
        for_sockets = UnrevokedAuthenticator(revocations, TicketAuthenticator(tickets, store, authenticator))
        links = LinkPool(
            addresses=settings.notifier_addresses,
            gateway=ids.fresh_id(),
            user_subscriptions=subscriptions,
            offset_tracker=tracker,
            receiver=traced(connections, tracer),
            tls=settings.internal_tls(),
            revocations=revocations,
        )
        origins = Origins(settings.origins, loopback=settings.loopback)
        address_limits = AddressLimits(
            settings.proxies,
            requests=TokenBuckets(settings.address_requests_per_second),
            upgrades=TokenBuckets(settings.address_upgrades_per_second),
        )
        session = SessionContext(
            settings=settings,
            authenticator=unrevoked,
            commands={command.frame: command(commands) for command in FRAME_COMMANDS},
            read_receipts=read_receipts,
            connections=connections,
            links=links,
            tracker=tracker,
            progress_reader=CoalescedProgressReader(store, producer),
            catch_up=CatchUp(store, producer, limits.pages),
            limits=limits,
            revocations=revocations,
            tracer=tracer,
        )
        return cls(
            settings=settings,
            producer=producer,
            store=store,
            authenticator=unrevoked,
            origins=origins,
            limits=limits,
            address_limits=address_limits,
            membership=membership,
            writer=writer,
            commands=[command(commands) for command in COMMANDS],
            read_receipts=read_receipts,
            connections=connections,
            revocations=revocations,
            tickets=tickets,
            links=links,
            critical_tasks=critical_tasks,
            websocket=WebSocketEndpoint(
                for_sockets, origins, address_limits, Admission(settings.arrivals_per_second), session
            ),
            tracer=tracer,
        )

    @property
    def health(self) -> Health:
        return Health(faults=lambda: self.critical_tasks.failures, unready=self.unready_reasons)

    def unready_reasons(self) -> list[str]:
        """Why this gateway should get no traffic; empty when ready. Only its own state counts: while a
        broker, the store or a notifier is away it answers 503 with `Retry-After`, or closes with 1012 and
        `afterMs`; all gateways unready at once would refuse connections."""
        reasons = {
            "the log was not seen yet": self.producer.identity is None,
            "revocations were not loaded yet": self.settings.auth == "jwt" and not self.revocations.is_loaded,
            "draining": self.connections.draining,
        }
        return [reason for reason, applies in reasons.items() if applies]

    async def drain(self) -> None:
        """Send all clients elsewhere, and write what is in flight; leave three of DRAIN_SECONDS for the
        rest."""
        await self.connections.drain(self.settings.drain_seconds - _AFTER_LEAVING_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_TIMEOUT_SECONDS):
                await self.read_receipts.flush()
