"""Worker that sends to direct conversations and groups, and receives: a Plan, then Rounds.

It does little per frame (see `protocols`), so that it is not what is measured; how late it sends, and its
CPU, are measured too.
"""

import asyncio
import time
from collections.abc import Callable

from bench.load.plan import Plan, Report, Round
from bench.load.precise_timer import PreciseTimer
from bench.load.protocols import ClientConnection, ProtocolName
from bench.load.protocols.broadcast import BroadcastConnection
from bench.load.protocols.matrix import MatrixConnection
from bench.load.protocols.parley import ParleyConnection
from bench.load.protocols.xmpp import XmppConnection
from bench.load.schedule import Sending, schedule
from bench.load.tally import Tally
from bench.load.worker_process import Answer, serve

_CONNECTIONS: dict[ProtocolName, Callable[[str], ClientConnection]] = {
    "parley": ParleyConnection,
    "broadcast": BroadcastConnection,
    "xmpp": XmppConnection,
    "matrix": MatrixConnection,
}
_MAX_CONNECTING = 20
_CONNECT_TIMEOUT_SECONDS = 180
_DELIVERY_TIMEOUT_SECONDS = 10.0
"""After the last sending."""
_DUPLICATE_WAIT_SECONDS = 0.2


class Clients:
    """All connections of a plan's share, and the rounds over them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        share = plan.conversations[plan.share :: plan.shares]
        users = [*plan.idle, *(user for conversation in share for user in conversation.members)]
        self._connections = {user: _CONNECTIONS[plan.protocol](user) for user in dict.fromkeys(users)}

    async def connect(self) -> None:
        """Return once every connection is live; raises TimeoutError."""
        slots = asyncio.Semaphore(_MAX_CONNECTING)

        async def connect(connection: ClientConnection) -> None:
            async with slots:
                await connection.connect(self._plan.address)

        async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
            await asyncio.gather(*map(connect, self._connections.values()))

    async def play(self, request: Round) -> Report:
        """Send as scheduled, and wait for the deliveries."""
        plan = self._plan
        sendings = [
            sending._replace(sender=sending.sender % plan.senders)
            for sending in schedule(request.rate, request.seconds, len(plan.conversations), request.seed)
            if sending.conversation % plan.shares == plan.share
        ]
        tally = Tally(f"{request.name}.{plan.share}", request.begin, plan, sendings)
        for connection in self._connections.values():
            connection.receiver = tally
        await self._send(request.begin, sendings, tally)
        deadline = time.monotonic() + _DELIVERY_TIMEOUT_SECONDS
        while not tally.complete and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.sleep(_DUPLICATE_WAIT_SECONDS)
        return tally.report()

    async def _send(self, begin: float, sendings: list[Sending], tally: Tally) -> None:
        timer = PreciseTimer()
        for number, sending in enumerate(sendings):
            if begin + sending.at > time.monotonic():
                await timer.sleep_until(begin + sending.at)
            elif number % 16 == 0:
                await asyncio.sleep(0)  # late: still read what comes in
            conversation = self._plan.conversations[sending.conversation]
            sender, peer = (conversation.members[n] for n in (sending.sender, 1 - sending.sender))
            self._connections[sender].send(conversation.id, peer, tally.name(number))
            tally.sent(number, time.monotonic())
        timer.close()


async def _start(plan: Plan) -> Answer[Round]:
    clients = Clients(plan)
    await clients.connect()
    return clients.play


if __name__ == "__main__":
    serve(Plan, Round, _start)
