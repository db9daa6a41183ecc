"""What bad frames get: an `error`, and the socket lives."""

from dataclasses import dataclass

import pytest

from tests.unit.gateway.api.test_bad_calls import MANY
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION, GatewayFixture, SocketClient, unique_user

_TALK = "%TALK%"


@dataclass(frozen=True)
class Case:
    title: str
    frame: str | bytes
    code: str
    names: str = ""
    client_id: str | None = None


def sending(text: str) -> str:
    return f'{{"type":"message","conversationId":"{_TALK}","text":{text}}}'


def reading(up_to: str) -> str:
    return f'{{"type":"read","conversationId":"{_TALK}","upTo":{up_to}}}'


CASES = [
    Case("nothing", "", "bad_frame", "is empty"),
    Case("no JSON", "hello", "bad_frame", "line 1, column 1"),
    Case("half an object", '{"type":"message"', "bad_frame"),
    Case("a binary frame", b'{"type":"message"}', "bad_frame"),
    Case("an array", "[]", "bad_frame"),
    Case("a number", "7", "bad_frame"),
    Case("null", "null", "bad_frame"),
    Case("no type", "{}", "bad_frame", "type: must be one of message, read"),
    Case("no type, with a clientId", '{"clientId":"c9"}', "bad_frame", "type", client_id="c9"),
    Case("an unknown type", '{"type":"dance"}', "bad_frame", "message, read"),
    Case(
        "an unknown type with a clientId", '{"type":"x","clientId":"c9"}', "bad_frame", "type", client_id="c9"
    ),
    Case("a frame of the server", '{"type":"hello"}', "bad_frame"),
    Case("a type that is a number", '{"type":5}', "bad_frame"),
    Case("a type that is a list", '{"type":["message"]}', "bad_frame"),
    Case("NaN", reading("NaN"), "bad_frame"),
    Case("deep nesting", "[" * 5_000, "bad_frame"),
    Case("a deeply nested text", sending("[" * 5_000 + "]" * 5_000), "bad_frame"),
    Case("65 KiB", sending(f'"{"a" * 65 * 1024}"'), "too_big"),
    Case("65 KiB in few characters", sending(f'"{"🌊" * 16 * 1024}"'), "too_big"),
    Case("200 KiB", "a" * 200 * 1024, "too_big"),
    Case("no text", f'{{"type":"message","conversationId":"{_TALK}"}}', "invalid", "text"),
    Case("an unknown field", sending('"a","colour":"red"'), "invalid", "colour: is an unknown field"),
    Case(
        "a field in snake case", sending('"a","client_id":"1"'), "invalid", "client_id: is an unknown field"
    ),
    Case("all in snake case", reading("1").replace("upTo", "up_to"), "invalid", "up_to: is an unknown field"),
    Case(
        "thousands of unknown fields",
        MANY,
        "invalid",
        "the frame has more than 64 fields",
        client_id="c7",
    ),
    Case("empty text", sending('""'), "invalid", "text"),
    Case("white space", sending('"\\u2003 "'), "invalid", "text"),
    Case("8,001 characters", sending(f'"{"a" * 8_001}"'), "invalid", "text"),
    Case("NUL", sending('"\\u0000"'), "invalid", "text"),
    Case("a lone surrogate", sending('"\\ud800"'), "invalid", "text"),
    Case("a text that is a number", sending("7"), "invalid", "text"),
    Case("bad text with a clientId", sending('"","clientId":"c9"'), "invalid", "text", client_id="c9"),
    Case("a bad clientId", sending('"a","clientId":" "'), "invalid", "clientId"),
    Case(
        "no UUID",
        '{"type":"message","conversationId":"1","text":"a"}',
        "invalid",
        "conversationId: is not a UUID",
    ),
    Case("a read of words", reading('"ten"'), "invalid", "upTo"),
    Case("a read of -1", reading("-1"), "invalid", "upTo"),
    Case("a read with a fraction", reading("1.5"), "invalid", "upTo"),
    Case("a read of 10**30", reading(str(10**30)), "invalid", "upTo"),
    Case(
        "an unknown conversation",
        sending('"a","clientId":"c8"').replace(_TALK, UNKNOWN_CONVERSATION),
        "not_found",
        client_id="c8",
    ),
    Case("a read of an unknown conversation", reading("1").replace(_TALK, UNKNOWN_CONVERSATION), "not_found"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_a_bad_frame_gets_an_error_and_the_socket_lives(gateway: GatewayFixture, case: Case) -> None:
    ana = unique_user()
    talk = await gateway.start_direct(ana, unique_user())
    before = len(gateway.written_events())
    async with gateway.connected(ana) as client:
        await client.socket.send(
            case.frame.replace(_TALK, talk) if isinstance(case.frame, str) else case.frame
        )
        error = await client.receive()
        assert (error["type"], error["code"]) == ("error", case.code), error
        assert case.names in error["message"]
        assert error.get("clientId") == case.client_id
        assert len(gateway.written_events()) == before
        await _lives(client, talk)


async def test_a_frame_above_256_kib_closes_the_socket_with_1009(gateway: GatewayFixture) -> None:
    async with gateway.connected(unique_user()) as client:
        await client.socket.send("a" * 257 * 1024)
        assert (await client.wait_closed())[0] == 1009


async def test_a_hundred_bad_frames_are_borne_and_one_more_is_a_flood(gateway: GatewayFixture) -> None:
    async with gateway.connected(unique_user()) as client:
        for _ in range(100):
            await client.socket.send("bad")
        for _ in range(100):
            assert (await client.receive())["code"] == "bad_frame"
        await client.socket.send("bad")
        code, reason = await client.wait_closed()
    assert code == 4400
    assert reason is not None
    assert reason.startswith("afterMs=")


async def test_a_frame_in_pieces_is_one_frame(gateway: GatewayFixture) -> None:
    ana = unique_user()
    talk = await gateway.start_direct(ana, unique_user())
    text = sending('"hello"').replace(_TALK, talk)
    async with gateway.connected(ana) as client:
        await client.socket.send([text[:10], text[10:20], text[20:]])
        assert (await client.receive())["type"] == "accepted"


async def _lives(client: SocketClient, talk: str) -> None:
    await client.send(type="message", conversationId=talk, text="still here")
    assert (await client.receive("accepted"))["type"] == "accepted"


async def test_a_text_that_is_no_utf_8_closes_with_1007(own_gateway: GatewayFixture) -> None:
    async with own_gateway.connected("ana") as client:
        await client.socket.send(b"\xff", text=True)
        assert (await client.wait_closed())[0] == 1007
