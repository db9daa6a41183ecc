"""Parley's WebSocket: picows calls back with the bytes of a frame, orjson reads them."""

import asyncio
import time
from typing import Any
from urllib.parse import quote
from zlib import crc32

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.load.protocols import TEXT, Ear


class Socket(WSListener):
    """One user's."""

    def __init__(self, user: str) -> None:
        self.ear: Ear | None = None
        self._user = user
        self._synced = asyncio.Event()
        self._transport: WSTransport | None = None

    async def connect(self, address: str) -> None:
        gateways = address.split()
        mine = gateways[crc32(self._user.encode()) % len(gateways)]
        await ws_connect(lambda: self, f"{mine}{quote(self._user, safe='')}")
        await self._synced.wait()

    def send(self, conversation: str, peer: str, name: str) -> None:
        assert self._transport is not None
        frame = {"type": "message", "conversationId": conversation, "text": TEXT, "clientId": name}
        self._transport.send(WSMsgType.TEXT, orjson.dumps(frame))

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._told(orjson.loads(frame.get_payload_as_memoryview()), time.monotonic())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.ear:
            self.ear.closed()

    def _told(self, frame: dict[str, Any], now: float) -> None:
        ear = self.ear
        match frame["type"]:
            case "message" if ear:
                ear.delivered(
                    self._user, frame["conversationId"], frame.get("clientId", ""), frame["seq"], now
                )
            case "accepted" if ear:
                ear.accepted(frame.get("clientId", ""), now)
            case "error" | "rejected" if ear:
                ear.refused(frame.get("clientId", ""))
            case "synced":
                self._synced.set()
