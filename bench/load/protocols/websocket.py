"""What the WebSocket clients share: picows calls back with the bytes of a frame, orjson parses them."""

import time
from typing import Any

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from bench.load.protocols import Receiver


class WebSocketConnection(WSListener):
    """One user's connection; subclasses handle `on_json`."""

    def __init__(self, user: str) -> None:
        self.receiver: Receiver | None = None
        self.user = user
        self.transport: WSTransport | None = None

    def send_json(self, frame: dict[str, Any]) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, orjson.dumps(frame))

    def on_json(self, frame: dict[str, Any], now: float) -> None:
        raise NotImplementedError

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.on_json(orjson.loads(frame.get_payload_as_memoryview()), time.monotonic())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self.receiver:
            self.receiver.closed()
