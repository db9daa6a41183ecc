"""The codes of `error` frames: those that are documented are those that are given."""

import re

from shared.contract.frames import ErrorFrame
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION, GatewayFixture, run_gateway


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
    limits = {"user_calls_per_second": 1, "user_calls_burst": 1}
    async with run_gateway(**limits) as gateway, gateway.connected("ana") as client:
        await client.send(type="read", conversationId=talk, upTo=1)
        await client.send(type="read", conversationId=talk, upTo=1)
        while (error := await client.receive("error"))["code"] == "not_found":
            pass
        given.append(error["code"])
    description = ErrorFrame.model_fields["code"].description or ""
    assert sorted(given) == sorted(re.findall(r"`([a-z_]+)`:", description))
