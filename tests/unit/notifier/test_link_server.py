"""The handshake of a link: its protocol number and its first message."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.typing import Subprotocol

from notifier.live.dispatcher import Dispatcher
from notifier.live.link_server import LinkServer
from shared.internal.link_protocol import (
    MISMATCH_CLOSE_CODE,
    SUBPROTOCOL,
    VIOLATION_CLOSE_CODE,
    Hello,
    PartitionsAssigned,
    Subscribe,
    decode_notifier_message,
    encode_gateway_message,
)
from tests.fixtures.security_events import counted

OTHER = "parley.link.0"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    dispatcher = Dispatcher()
    dispatcher.set_partition_count(4)
    app = FastAPI()
    app.include_router(LinkServer(dispatcher, queue_limit=1_000).router)
    config = uvicorn.Config(app, port=0, ws="websockets-sansio", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/link"
    server.should_exit = True
    await serving


def dial(url: str, *offered: str) -> connect:
    return connect(url, subprotocols=[Subprotocol(name) for name in offered] or None)


async def received_close(link: ClientConnection) -> Close | None:
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(5):
            await link.recv()
    return closed.value.rcvd


async def test_a_link_begins_with_its_protocol_hello_and_the_assigned_partitions(url: str) -> None:
    async with dial(url, OTHER, SUBPROTOCOL) as link:
        assert link.subprotocol == SUBPROTOCOL
        await link.send(encode_gateway_message(Hello("g1")))
        assert decode_notifier_message(str(await link.recv()).encode()) == PartitionsAssigned(4, {})


@pytest.mark.parametrize("offered", [[], [OTHER]])
async def test_a_gateway_of_another_protocol_number_is_closed_and_logged_once(
    url: str, offered: list[str]
) -> None:
    refused_before = counted("link_refused")
    with capture_logs() as logs:
        for _ in range(3):
            async with dial(url, *offered) as link:
                closed = await received_close(link)
            assert closed == Close(MISMATCH_CLOSE_CODE, f"notifier speaks {SUBPROTOCOL}")
    (mismatch,) = [line for line in logs if line["event"] == "link.protocol_mismatch"]
    assert (mismatch["log_level"], mismatch["offered"]) == ("error", offered)
    assert mismatch["supported"] == SUBPROTOCOL
    assert counted("link_refused") == refused_before + 3


async def test_a_link_that_does_not_begin_with_hello_is_closed(url: str) -> None:
    async with dial(url, SUBPROTOCOL) as link:
        await link.send(encode_gateway_message(Subscribe(1, [])))
        assert await received_close(link) == Close(VIOLATION_CLOSE_CODE, "the first message must be hello")
