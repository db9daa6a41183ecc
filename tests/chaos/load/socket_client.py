"""A device of a user: one socket after the other, each going on where the one before was told it is."""

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.chaos.checker.history import Attempt, Connection, Frame, History, Operation, Status

_AFTER = re.compile(r"afterMs=(\d+)")
_LONGEST_WAIT = 2.0
_ANSWERED_WITHIN = 6.0


class SocketClient:
    def __init__(
        self,
        name: str,
        user: str,
        gateways: Sequence[str],
        history: History,
        rng: random.Random,
        heard: Callable[["SocketClient", Frame], None],
        lives: float = 0.0,
    ) -> None:
        """`heard` is called with each frame. After `lives` seconds in the mean it hangs up; 0: never."""
        self.user = user
        self.name = name
        self.via = ""
        """The gateway that it is connected to; empty while it is not, or is still catching up."""
        self.seen: set[str] = set()
        """Ids of messages."""
        self.cursors = 0
        """How often it was told where it is, after `hello`."""
        self.lives = lives
        self._gateways, self._history, self._dice, self._heard = gateways, history, rng, heard
        self._cursor: str | None = history.first.get(user)
        self._socket: ClientConnection | None = None
        self._heartbeat = 30.0
        self._answers: dict[str, asyncio.Future[Attempt]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(await self._live(self._dice.choice(self._gateways)))

    async def rest(self) -> None:
        """Comes back once more, with the cursor it has, and hears the rest. Call it after `run`."""
        via = self._gateways[0]
        while not self.via:
            waiting = asyncio.create_task(self._live(via))
            while not waiting.done() and not self.via:
                await asyncio.sleep(0.02)
            if not self.via:
                await asyncio.sleep(await waiting)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    async def send(self, operation: Operation) -> Attempt:
        """Over its socket; indeterminate when that does not live to see the answer."""
        socket, via = self._socket, self.via
        frame = {"type": "message", "conversationId": operation.conversation, "text": operation.text}
        assert operation.client_id is not None
        future: asyncio.Future[Attempt] = asyncio.get_running_loop().create_future()
        self._answers[operation.client_id] = future
        try:
            async with asyncio.timeout(_ANSWERED_WITHIN):
                await self.say(socket, frame | {"clientId": operation.client_id})
                return await future
        except (TimeoutError, ConnectionClosed, OSError) as error:
            return Attempt(via, Status.INDETERMINATE, code=type(error).__name__)
        finally:
            self._answers.pop(operation.client_id, None)

    async def read(self, operation: Operation) -> None:
        """Not acknowledged on a socket."""
        frame = {"type": "read", "conversationId": operation.conversation, "upTo": operation.up_to}
        with suppress(ConnectionClosed, OSError):
            async with asyncio.timeout(_ANSWERED_WITHIN):
                await self.say(self._socket, frame)

    async def say(self, socket: ClientConnection | None, frame: dict[str, Any]) -> None:
        if socket is None:
            raise OSError("not connected")
        await socket.send(orjson.dumps(frame).decode())

    async def _live(self, via: str) -> float:
        """One connection; returns the seconds to wait before the next."""
        life = Connection(self.user, self.name, via, self._cursor)
        cursor = f"&cursor={self._cursor}" if self._cursor else ""
        url = f"{via.replace('http', 'ws', 1)}/ws?token={quote(self.user)}{cursor}"
        wait = self._dice.uniform(0.05, 0.3)
        try:
            async with connect(
                url, max_size=None, open_timeout=5, close_timeout=1, ping_interval=None
            ) as socket:
                self._history.connections.append(life)
                self._socket = socket
                wait = await self._listen(socket, life, wait)
        except ConnectionClosed as closed:
            life.end = str(closed)
            told = _AFTER.search(closed.rcvd.reason if closed.rcvd else "")
            wait = min(int(told[1]) / 1_000, _LONGEST_WAIT) if told else wait
        except (OSError, TimeoutError, InvalidHandshake, EOFError) as error:
            life.end = repr(error)
        finally:
            self._cursor = life.last_cursor
            self._hang_up()
        return wait

    async def _listen(self, socket: ClientConnection, life: Connection, wait: float) -> float:
        """Returns when this end hangs up. Raises ConnectionClosed; TimeoutError when the server is silent."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._dice.expovariate(1 / self.lives) if self.lives else 0.0)
        while not (self.lives and loop.time() > until):
            async with asyncio.timeout(2 * self._heartbeat):
                frame: Frame = orjson.loads(await socket.recv())
            life.frames.append(frame)
            self._hear(frame, life)
            if frame["type"] == "reconnect":
                return min(float(frame["afterMs"]) / 1_000, _LONGEST_WAIT)
        if self._dice.random() < 0.5:
            socket.transport.abort()  # as a lost network would
        life.end = "hung up"
        return wait

    def _hear(self, frame: Frame, life: Connection) -> None:
        match frame["type"]:
            case "hello":
                self._heartbeat = frame["heartbeatSeconds"]
            case "synced":
                self.via = life.via
                self.cursors += 1
            case "cursor":
                self.cursors += 1
            case "message":
                self.seen.add(frame["id"])
            case "accepted":
                answer = Attempt(life.via, Status.OK, frame["id"], frame["position"])
                self._answered(frame, answer)
            case "error":
                open_ = frame["code"] == "unavailable"
                status = Status.INDETERMINATE if open_ else Status.FAILED
                self._answered(frame, Attempt(life.via, status, code=frame["code"]))
        self._heard(self, frame)

    def _answered(self, frame: Frame, answer: Attempt) -> None:
        future = self._answers.get(frame.get("clientId", ""))
        if future is not None and not future.done():
            future.set_result(answer)

    def _hang_up(self) -> None:
        via, self.via, self._socket = self.via, "", None
        for future in self._answers.values():
            if not future.done():
                future.set_result(Attempt(via, Status.INDETERMINATE, code="hung_up"))
