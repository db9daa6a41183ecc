"""The WebSocket of a broadcast server as tutorials write it: text in, the same text to everybody."""

import time

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.load.protocols import TEXT, Ear


class Guest(WSListener):
    def __init__(self, user: str) -> None:
        self.ear: Ear | None = None
        self._user = user
        self._transport: WSTransport | None = None

    async def connect(self, address: str) -> None:
        await ws_connect(lambda: self, f"{address}{self._user}")

    def send(self, conversation: str, peer: str, name: str) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, orjson.dumps({"name": name, "text": TEXT}))

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT and self.ear:
            said = orjson.loads(frame.get_payload_as_memoryview())
            number = int(said["name"].rpartition(".")[2]) + 1
            self.ear.delivered(self._user, "", said["name"], number, time.monotonic())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.ear:
            self.ear.closed()
