"""The codes of `error` frames: those that are documented are those that are given."""

import re

from shared.contract.frames import ErrorFrame
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION, GatewayFixture


async def test_error_frames_have_every_code_that_is_documented_and_no_other(
    own_gateway: GatewayFixture,
) -> None:
    talk = await own_gateway.start_direct("ana", "ben")
    message = {"type": "message", "conversationId": talk, "text": "hello"}
    async with own_gateway.connect("ana", query="&cursor=garbage") as client:
        given = [(await client.receive("error"))["code"]]
        await client.receive("synced")
        await client.socket.send("no frame")
        await client.socket.send("a" * 65 * 1024)
        await client.send(**message | {"text": ""})
        await client.send(**message | {"conversationId": UNKNOWN_CONVERSATION})
        given += [(await client.receive("error"))["code"] for _ in range(4)]
        own_gateway.broker.away = True
        await client.send(**message)
        given.append((await client.receive("error"))["code"])
    description = ErrorFrame.model_fields["code"].description or ""
    assert sorted(given) == sorted(re.findall(r"`([a-z_]+)`:", description))
