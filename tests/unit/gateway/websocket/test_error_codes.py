"""The codes of `error` frames: those that are documented are those that are given."""

import re

from shared.contract.frames import ErrorFrame
from tests.unit.gateway.gateway_fixture import STRANGE, House


async def test_error_frames_have_every_code_that_is_documented_and_no_other(own_house: House) -> None:
    talk = await own_house.talk("ana", "ben")
    message = {"type": "message", "conversationId": talk, "text": "hello"}
    async with own_house.dialled("ana", query="&cursor=garbage") as client:
        given = [(await client.hear("error"))["code"]]
        await client.hear("synced")
        await client.socket.send("no frame")
        await client.socket.send("a" * 65 * 1024)
        await client.say(**message | {"text": ""})
        await client.say(**message | {"conversationId": STRANGE})
        given += [(await client.hear("error"))["code"] for _ in range(4)]
        own_house.broker.away = True
        await client.say(**message)
        given.append((await client.hear("error"))["code"])
    said = ErrorFrame.model_fields["code"].description or ""
    assert sorted(given) == sorted(re.findall(r"`([a-z_]+)`:", said))
