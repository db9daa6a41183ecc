"""The WebSocket of a broadcast server as tutorials write it: text in, the same text to everybody."""

from typing import Any

from picows import ws_connect

from bench.load.protocols import TEXT
from bench.load.protocols.websocket import WebSocketConnection


class BroadcastConnection(WebSocketConnection):
    """Orders messages by the numbers in their names: the server gives them none."""

    async def connect(self, address: str) -> None:
        await ws_connect(lambda: self, f"{address}{self.user}")

    def send(self, conversation: str, peer: str, name: str) -> None:
        self.send_json({"name": name, "text": TEXT})

    def on_json(self, frame: dict[str, Any], now: float) -> None:
        if self.receiver:
            number = int(frame["name"].rpartition(".")[2]) + 1
            self.receiver.delivered(self.user, "", frame["name"], number, now)
