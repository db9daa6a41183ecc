"""Worker with many sockets that lose their gateway and come back: a StormSetup, then LoadPhases.

Each client has one conversation, to which a sender writes; senders' sockets stay connected. A client resumes
from its last cursor and expects seq 1, 2, 3 … whatever happens. One that lost its connection without a close
frame reconnects at once: the worst that clients can do.
"""

import asyncio
import random
import time
from collections.abc import Coroutine
from typing import Any
from urllib.parse import quote

from picows import WSCloseCode, WSError, WSFrame, WSMsgType, WSTransport, ws_connect
from pydantic import BaseModel

from bench.load.plan import Conversation
from bench.load.protocols.parley import ParleyConnection
from bench.load.protocols.websocket import WebSocketConnection
from bench.load.worker_process import Answer, serve

_SETTLE_TIMEOUT_SECONDS = 90.0
"""What is still missing then is lost."""
_CONNECT_TIMEOUT_SECONDS = 180
_MAX_CONNECTING = 50


class StormSetup(BaseModel):
    home: str
    """URL of a WebSocket, to which the user id is added: where the clients are at first."""
    refuge: str
    """Where they go when they lose that."""
    clients: int
    senders: int = 20
    name: str = "member"
    """Of each client, with a number; unique in a log."""

    def conversations(self) -> list[Conversation]:
        """A sender and a client each."""
        return [
            Conversation.direct(f"speaker-{number % self.senders}", f"{self.name}-{number:05d}")
            for number in range(self.clients)
        ]


class LoadPhase(BaseModel):
    """A request to send so many messages a second, to all clients in turn."""

    seconds: float
    rate: float


class PhaseReport(BaseModel):
    """What happened in a phase. Times are in seconds."""

    sent: int = 0
    missing: int = 0
    """Messages that did not reach their client."""
    skipped: int = 0
    """Messages that arrived before an earlier one."""
    away: int = 0
    """Clients that are not back."""
    absences: list[float] = []
    """From the loss of a connection to `synced` on the next."""
    ends: list[float] = []
    """When each of these was over, on CLOCK_MONOTONIC."""
    dialled: int = 0
    unanswered: int = 0
    """Of these, those that were given up or refused by TCP."""
    closes: dict[str, int] = {}
    """Closed by a gateway, by code."""
    retry_delays: list[float] = []
    """That gateways requested."""
    delays: list[float] = []
    """From when a message was due until its client had it."""


class ReconnectingClient(WebSocketConnection):
    def __init__(self, clients: "ReconnectingClients", user: str) -> None:
        super().__init__(user)
        self.last_seq = 0
        self.synced = asyncio.Event()
        self._clients = clients
        self._cursor = ""
        self._lost_at = 0.0
        self._retry_delay: float | None = None

    async def connect(self, url: str, delay: float = 0.0) -> None:
        """Try until it is connected."""
        while True:
            await asyncio.sleep(delay)
            self._clients.report.dialled += 1
            try:
                query = f"{quote(self.user)}&cursor={self._cursor}"
                await ws_connect(lambda: self, url + query, websocket_handshake_timeout=15)
            except (OSError, TimeoutError, WSError):
                self._clients.report.unanswered += 1
                delay = random.uniform(0.2, 1.0)
            else:
                return

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport, self._retry_delay = transport, None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            self._on_close(frame.get_close_code().value, str(frame.get_close_reason() or ""))
            self._close()
        else:
            super().on_ws_frame(transport, frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.synced.is_set():
            self._lost_at = time.monotonic()
            self.synced.clear()
        if not self._clients.closing:
            self._clients.spawn(self.connect(self._clients.refuge, self._retry_delay or 0.0))

    def on_json(self, frame: dict[str, Any], now: float) -> None:
        match frame["type"]:
            case "message" if frame["seq"] > self.last_seq:
                self._clients.report.skipped += frame["seq"] > self.last_seq + 1
                self.last_seq = frame["seq"]
                self._clients.on_message(self.user, self.last_seq)
            case "cursor":
                self._cursor = frame["cursor"] or self._cursor
            case "synced":
                self._cursor = frame["cursor"] or self._cursor
                self._on_synced(now)
            case "reconnect":
                self._retry_after(frame["afterMs"])
                asyncio.get_running_loop().call_later(frame["afterMs"] / 1e3, self._leave)

    def _on_synced(self, now: float) -> None:
        self.synced.set()
        if self._lost_at:
            self._clients.report.absences.append(now - self._lost_at)
            self._clients.report.ends.append(now)
            self._lost_at = 0.0

    def _leave(self) -> None:
        """Reconnect as the gateway requested: the delay is over."""
        self._retry_delay = 0.0
        self._close()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.send_close(WSCloseCode.OK)
            self.transport.disconnect()

    def _on_close(self, code: int, reason: str) -> None:
        closes = self._clients.report.closes
        closes[str(code)] = closes.get(str(code), 0) + 1
        if reason.startswith("afterMs="):
            self._retry_after(int(reason.removeprefix("afterMs=")))

    def _retry_after(self, milliseconds: int) -> None:
        self._retry_delay = milliseconds / 1e3
        self._clients.report.retry_delays.append(self._retry_delay)


class ReconnectingClients:
    def __init__(self, setup: StormSetup) -> None:
        self.refuge = setup.refuge
        self.closing = False
        self.report = PhaseReport()
        self._home = setup.home
        self._conversations = setup.conversations()
        self._clients = [ReconnectingClient(self, c.members[1]) for c in self._conversations]
        self._senders = {c.members[0]: ParleyConnection(c.members[0]) for c in self._conversations}
        self._sent = [0] * len(self._clients)
        self._due: dict[tuple[str, int], float] = {}
        self._next = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def connect(self) -> None:
        """Return once all are synced; raises TimeoutError."""
        async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
            for sender in self._senders.values():
                await sender.connect(self.refuge)
            for start in range(0, len(self._clients), _MAX_CONNECTING):
                some = self._clients[start : start + _MAX_CONNECTING]
                await asyncio.gather(*(client.connect(self._home) for client in some))
                await asyncio.gather(*(client.synced.wait() for client in some))

    def disconnect(self) -> None:
        """End all connections for good."""
        self.closing = True
        for connection in (*self._clients, *self._senders.values()):
            if connection.transport is not None:
                connection.transport.disconnect()

    async def play(self, phase: LoadPhase) -> PhaseReport:
        """Send, and wait until every client has everything, or for SETTLE_TIMEOUT."""
        self.report = PhaseReport()
        begin, count = time.monotonic(), int(phase.seconds * phase.rate)
        for number in range(count):
            due = begin + number / phase.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._send(due)
        await asyncio.sleep(max(0.0, begin + phase.seconds - time.monotonic()))
        deadline = time.monotonic() + _SETTLE_TIMEOUT_SECONDS
        while (self._missing() or self._away()) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.report.sent, self.report.missing, self.report.away = count, self._missing(), self._away()
        return self.report

    def on_message(self, client: str, seq: int) -> None:
        """Note that `client` has its message `seq`."""
        self.report.delays.append(time.monotonic() - self._due.pop((client, seq)))

    def _send(self, due: float) -> None:
        index, self._next = self._next, (self._next + 1) % len(self._conversations)
        conversation = self._conversations[index]
        sender, client = conversation.members
        self._sent[index] += 1
        self._due[client, self._sent[index]] = due
        self._senders[sender].send(conversation.id, client, f"{client}.{self._sent[index]}")

    def _missing(self) -> int:
        return sum(sent - client.last_seq for sent, client in zip(self._sent, self._clients, strict=True))

    def _away(self) -> int:
        return sum(not client.synced.is_set() for client in self._clients)


async def _start(setup: StormSetup) -> Answer[LoadPhase]:
    clients = ReconnectingClients(setup)
    await clients.connect()
    return clients.play


if __name__ == "__main__":
    serve(StormSetup, LoadPhase, _start)
