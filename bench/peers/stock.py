"""A chat as FastAPI's own tutorial shows it, under uvicorn as it comes: what one would write oneself.

Nothing is kept, nobody is told twice or missed, because nobody asks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from bench.peers.private import answers, free_port, server
from bench.target import work_folder
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


@contextmanager
def stock() -> Iterator[tuple[str, int]]:
    """The URL to which a client's name is added, and the pid."""
    port = free_port()
    command = module("uvicorn", "bench.peers.stock:app", "--port", str(port), "--log-level", "warning")
    env = {"PYTHONPATH": str(ROOT)}
    with work_folder() as folder, server(command, Path(folder), env, lambda: answers(port)) as pid:
        yield f"ws://127.0.0.1:{port}/ws/", pid
