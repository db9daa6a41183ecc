"""Parley's WebSocket."""

import asyncio
from typing import Any
from urllib.parse import quote
from zlib import crc32

from picows import ws_connect

from bench.load.protocols import TEXT
from bench.load.protocols.websocket import WebSocketConnection


class ParleyConnection(WebSocketConnection):
    """Connects to one of several gateways, chosen by the user."""

    def __init__(self, user: str) -> None:
        super().__init__(user)
        self._synced = asyncio.Event()

    async def connect(self, address: str) -> None:
        gateways = address.split()
        gateway = gateways[crc32(self.user.encode()) % len(gateways)]
        await ws_connect(lambda: self, f"{gateway}{quote(self.user, safe='')}")
        await self._synced.wait()

    def send(self, conversation: str, peer: str, name: str) -> None:
        self.send_json({"type": "message", "conversationId": conversation, "text": TEXT, "clientId": name})

    def on_json(self, frame: dict[str, Any], now: float) -> None:
        receiver, client_id = self.receiver, frame.get("clientId", "")
        match frame["type"]:
            case "message" if receiver:
                receiver.delivered(self.user, frame["conversationId"], client_id, frame["seq"], now)
            case "accepted" if receiver:
                receiver.accepted(client_id, now)
            case "error" | "rejected" if receiver:
                receiver.refused(client_id)
            case "synced":
                self._synced.set()
