"""WS /ws"""

from fastapi import APIRouter, WebSocket

from gateway import session
from gateway.door import Door
from shared.problems import Problem


def socket(door: Door) -> APIRouter:
    router = APIRouter()

    @router.websocket("/ws")
    async def attend(websocket: WebSocket) -> None:
        await session.attend(door, websocket)

    @router.get("/ws", include_in_schema=False)
    async def upgrade() -> None:
        said = "this is a WebSocket: connect to ws://<host>/ws?token=<user id>"
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        raise Problem("bad_request", said, status=426, headers=headers)

    return router
