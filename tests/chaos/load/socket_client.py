"""A WebSocket client: one connection after the other, each resuming at the last cursor."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.chaos.checker.history import Attempt, Connection, Frame, Operation, Status
from tests.chaos.load.context import LoadContext

_RETRY_AFTER = re.compile(r"afterMs=(\d+)")
_MAX_BACK_OFF = 2.0
_SEND_TIMEOUT = 6.0
"""Seconds."""


class SocketClient:
    def __init__(
        self, name: str, user: str, context: LoadContext, on_frame: Callable[["SocketClient", Frame], None]
    ) -> None:
        self.name, self.user = name, user
        self.gateway = ""
        """The gateway it is connected to; empty while disconnected or catching up."""
        self.message_ids: set[str] = set()
        self.cursor_count = 0
        """Cursors received, without the ones in `hello`."""
        self.mean_lifetime = context.mean_lifetime
        self._context, self._rng, self._on_frame = context, context.rng, on_frame
        self._cursor: str | None = context.history.start_cursors.get(user)
        self._socket: ClientConnection | None = None
        self._heartbeat = 30.0
        self._pending: dict[str, asyncio.Future[Attempt]] = {}
        """By clientId."""

    async def run(self) -> None:
        """Connect again and again until cancelled."""
        while True:
            await asyncio.sleep(await self._connect(self._context.any_gateway()))

    async def catch_up(self) -> None:
        """After `run`: connect once more and catch up from the last cursor."""
        while not self.gateway:
            connecting = asyncio.create_task(self._connect(self._context.gateways[0]))
            while not connecting.done() and not self.gateway:
                await asyncio.sleep(0.02)
            if not self.gateway:
                await asyncio.sleep(await connecting)
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            await connecting

    async def send(self, operation: Operation) -> Attempt:
        """Indeterminate when the connection ends before the answer."""
        gateway = self.gateway
        frame = {"type": "message", "conversationId": operation.conversation, "text": operation.text}
        assert operation.client_id is not None
        future: asyncio.Future[Attempt] = asyncio.get_running_loop().create_future()
        self._pending[operation.client_id] = future
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._send_frame(frame | {"clientId": operation.client_id})
                return await future
        except (TimeoutError, ConnectionClosed, OSError) as error:
            return Attempt(gateway, Status.INDETERMINATE, code=type(error).__name__)
        finally:
            self._pending.pop(operation.client_id, None)

    async def read(self, operation: Operation) -> None:
        """Not acknowledged over a WebSocket."""
        frame = {"type": "read", "conversationId": operation.conversation, "upTo": operation.up_to}
        with suppress(ConnectionClosed, OSError):
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._send_frame(frame)

    async def _send_frame(self, frame: Frame) -> None:
        if self._socket is None:
            raise OSError("not connected")
        await self._socket.send(orjson.dumps(frame).decode())

    async def _connect(self, gateway: str) -> float:
        """One connection from start to end; returns the seconds to wait before the next."""
        connection = Connection(self.user, self.name, gateway, self._cursor)
        cursor = f"&cursor={self._cursor}" if self._cursor else ""
        url = f"{gateway.replace('http', 'ws', 1)}/ws?token={quote(self.user)}{cursor}"
        back_off = self._rng.uniform(0.05, 0.3)
        try:
            async with connect(
                url, max_size=None, open_timeout=5, close_timeout=1, ping_interval=None
            ) as socket:
                self._context.history.connections.append(connection)
                self._socket = socket
                back_off = await self._receive(socket, connection, back_off)
        except ConnectionClosed as closed:
            connection.end = str(closed)
            retry_after = _RETRY_AFTER.search(closed.rcvd.reason if closed.rcvd else "")
            back_off = min(int(retry_after[1]) / 1_000, _MAX_BACK_OFF) if retry_after else back_off
        except (OSError, TimeoutError, InvalidHandshake, EOFError) as error:
            connection.end = repr(error)
        finally:
            self._cursor = connection.last_cursor
            self._disconnected()
        return back_off

    async def _receive(self, socket: ClientConnection, connection: Connection, back_off: float) -> float:
        """Return when this client disconnects. Raises ConnectionClosed; TimeoutError without a heartbeat."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (self._rng.expovariate(1 / self.mean_lifetime) if self.mean_lifetime else 0.0)
        while not (self.mean_lifetime and loop.time() > end):
            async with asyncio.timeout(2 * self._heartbeat):
                frame: Frame = orjson.loads(await socket.recv())
            connection.frames.append(frame)
            self._handle(frame, connection.gateway)
            if frame["type"] == "reconnect":
                return min(float(frame["afterMs"]) / 1_000, _MAX_BACK_OFF)
        if self._rng.random() < 0.5:
            socket.transport.abort()  # as when the network is lost
        connection.end = "disconnected"
        return back_off

    def _handle(self, frame: Frame, gateway: str) -> None:
        match frame["type"]:
            case "hello":
                self._heartbeat = frame["heartbeatSeconds"]
            case "synced":
                self.gateway = gateway
                self.cursor_count += 1
            case "cursor":
                self.cursor_count += 1
            case "message":
                self.message_ids.add(frame["id"])
            case "accepted":
                self._resolve(frame, Attempt(gateway, Status.OK, frame["id"], frame["position"]))
            case "error":
                status = Status.INDETERMINATE if frame["code"] == "unavailable" else Status.FAILED
                self._resolve(frame, Attempt(gateway, status, code=frame["code"]))
        self._on_frame(self, frame)

    def _resolve(self, frame: Frame, attempt: Attempt) -> None:
        future = self._pending.get(frame.get("clientId", ""))
        if future is not None and not future.done():
            future.set_result(attempt)

    def _disconnected(self) -> None:
        gateway, self.gateway, self._socket = self.gateway, "", None
        for future in self._pending.values():
            if not future.done():
                future.set_result(Attempt(gateway, Status.INDETERMINATE, code="disconnected"))
