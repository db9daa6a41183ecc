"""A chat as FastAPI's own tutorial shows it, under uvicorn with its defaults: what one would write oneself.

Nothing is stored, and nobody is missed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from bench.load.plan import Conversation
from bench.load.protocols import ProtocolName
from bench.systems.parley import work_folder
from bench.systems.server_process import free_port, tcp_server
from deploy.local.paths import ROOT
from deploy.local.supervisor.process import module


class ConnectionManager:
    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def broadcast(self, message: str) -> None:
        for connection in list(self.active_connections):
            await connection.send_text(message)


app = FastAPI()
manager = ConnectionManager()


@app.websocket("/ws/{client_id}")
async def websocket_endpoint(websocket: WebSocket, client_id: str) -> None:
    await manager.connect(websocket)
    try:
        while True:
            await manager.broadcast(await websocket.receive_text())
    except WebSocketDisconnect:
        manager.disconnect(websocket)


class Broadcast:
    """The server as the bench needs it."""

    name = "stock"
    protocol: ProtocolName = "broadcast"
    echo = True
    warm_up_rate = 20.0

    def __init__(self, address: str, pid: int) -> None:
        self.address = address
        self._pid = pid

    def processes(self) -> dict[str, int]:
        return {"stock": self._pid}

    def start(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        return list(conversations)

    def history(self, conversations: Sequence[Conversation], round_name: str) -> list[str]:
        return []

    def settings(self) -> dict[str, str]:
        return {"uvicorn": version("uvicorn")}


@contextmanager
def broadcast_server() -> Iterator[Broadcast]:
    """Ready when entered, gone when left."""
    port = free_port()
    command = module("uvicorn", f"{__name__}:app", "--port", str(port), "--log-level", "warning")
    env = {"PYTHONPATH": str(ROOT)}
    with work_folder() as folder, tcp_server(command, folder / "broadcast.log", env, port) as pid:
        yield Broadcast(f"ws://127.0.0.1:{port}/ws/", pid)
