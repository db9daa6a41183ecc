"""WS /ws"""

from fastapi import APIRouter, WebSocket

from gateway import session
from gateway.door import Door


def socket(door: Door) -> APIRouter:
    router = APIRouter()

    @router.websocket("/ws")
    async def attend(websocket: WebSocket) -> None:
        await session.attend(door, websocket)

    return router
