"""What bad input gets over REST: the problem document that the contract names, and nothing is written."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from gateway.api import request_parsing
from gateway.commands.send_message import NewMessage
from gateway.websocket import frame_decoder
from gateway.websocket.frame_decoder import BadFrame
from shared.contract import cursor
from shared.http.problems import Problem
from tests.unit.gateway.gateway_fixture import (
    EPOCH,
    PARTITIONS,
    UNKNOWN_CONVERSATION,
    GatewayFixture,
    run_gateway,
)

HUGE = 65 * 1024
_TALK = "%TALK%"  # stands for a conversation of ana and ben


@dataclass(frozen=True)
class Case:
    title: str
    status: int
    code: str
    method: str = "POST"
    path: str = "/messages?meId=ana"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    names: str = ""
    """What the detail must name."""


def message(title: str, body: str, status: int, code: str, names: str = "") -> Case:
    return Case(title, status, code, body=body.encode(), names=names)


def start(title: str, body: str, status: int, code: str, names: str = "") -> Case:
    return Case(title, status, code, path="/messages/start?meId=ana", body=body.encode(), names=names)


def get(title: str, path: str, status: int, code: str, names: str = "", **headers: str) -> Case:
    return Case(title, status, code, "GET", path, headers=headers, names=names)


def sending(text: str) -> str:
    return f'{{"conversationId":"{_TALK}","text":{text}}}'


HISTORY = f"/messages/history?meId=ana&conversationId={_TALK}"
LIST = "/messages/conversations?meId=ana"
SYNC = "/messages/sync?meId=ana"
_MINE = cursor.encode(EPOCH, "ana", [1] * PARTITIONS)
_BENT = _MINE[:20] + ("A" if _MINE[20] != "A" else "B") + _MINE[21:]
_OTHERS = cursor.encode("f" * 16, "ana", [1] * PARTITIONS)
_FUTURE = cursor.encode(EPOCH, "ana", [999] * PARTITIONS)
WHOLE = "limit: must be a whole number from 1 to 100"
MANY = json.dumps({f"a{n}": 1 for n in range(5_000)} | {"type": "message", "clientId": "c7"})
GOOD = sending('"hello"').encode()

CASES = [
    # Not JSON, or not in the right encoding
    message("an empty body", "", 400, "bad_request", "the body is empty"),
    message("a blank body", " \n", 400, "bad_request", "the body is empty"),
    message("half an object", '{"conversationId":', 400, "bad_request", "line 1, column 19"),
    message("words", "{\n hello}", 400, "bad_request", "line 2, column 2"),
    message("a number that JSON does not have", '{"text":NaN}', 400, "bad_request", "NaN"),
    message("infinity", '{"upTo":Infinity}', 400, "bad_request"),
    message("deep nesting", "[" * 150 + "]" * 150, 422, "invalid"),
    message("deeper nesting", "[" * 500 + "]" * 500, 400, "bad_request"),
    message("nesting beyond reason", "[" * 30_000, 400, "bad_request"),
    message("deep nesting of objects", '{"a":' * 10_000 + "1" + "}" * 10_000, 400, "bad_request"),
    Case("not UTF-8", 400, "bad_request", body=b'{"text":"\xff"}'),
    Case("UTF-16", 400, "bad_request", body='{"text":"a"}'.encode("utf-16")),
    Case(
        "another charset",
        400,
        "bad_request",
        body=GOOD,
        headers={"Content-Type": "application/json; charset=latin-1"},
    ),
    # Well-formed, but not what the call expects
    message("an array", "[]", 422, "invalid", "the body is not a JSON object"),
    message("null", "null", 422, "invalid"),
    message("a string", '"hello"', 422, "invalid"),
    message("nothing at all", "{}", 422, "invalid", "conversationId"),
    message("no text", f'{{"conversationId":"{_TALK}"}}', 422, "invalid", "text"),
    message("an unknown field", sending('"a","colour":"red"'), 422, "invalid", "colour: is an unknown field"),
    message(
        "a field in snake case",
        sending('"a","client_id":"1"'),
        422,
        "invalid",
        "client_id: is an unknown field",
    ),
    message(
        "all in snake case",
        sending('"a"').replace("conversationId", "conversation_id"),
        422,
        "invalid",
        "conversation_id: is an unknown field",
    ),
    message(
        "thousands of unknown fields",
        MANY,
        422,
        "invalid",
        "the body has more than 64 fields",
    ),
    message(
        "a text of colons", sending('"' + ":" * 100 + '","a":1'), 422, "invalid", "a: is an unknown field"
    ),
    message("an array of colons", '["' + ":" * 100 + '"]', 422, "invalid", "the body is not a JSON object"),
    message("colons", ":" * 100, 400, "bad_request", "line 1, column 1"),
    message("a frame's type", sending('"a","type":"message"'), 422, "invalid", "type"),
    message("text that is a number", sending("7"), 422, "invalid", "text"),
    message("text that is null", sending("null"), 422, "invalid", "text"),
    message("empty text", sending('""'), 422, "invalid", "text"),
    message("white space", sending('" \\n\\t "'), 422, "invalid", "text"),
    message("8,001 characters", sending(f'"{"a" * 8001}"'), 422, "invalid", "text"),
    message("NUL", sending('"a\\u0000b"'), 422, "invalid", "text"),
    message("a lone surrogate", sending('"\\ud800"'), 422, "invalid", "text"),
    message("a lone low surrogate", sending('"a\\udc00b"'), 422, "invalid", "text"),
    message("a lone surrogate as a field", sending('"a","\\ud800":1'), 422, "invalid"),
    message("no UUID", '{"conversationId":"42","text":"a"}', 422, "invalid", "conversationId: is not a UUID"),
    message("an empty clientId", sending('"a","clientId":""'), 422, "invalid", "clientId"),
    message(
        "a clientId of 129 characters", sending(f'"a","clientId":"{"c" * 129}"'), 422, "invalid", "clientId"
    ),
    message("a clientId with white space", sending('"a","clientId":" c"'), 422, "invalid", "clientId"),
    message("a numeric clientId", sending('"a","clientId":5'), 422, "invalid", "clientId"),
    # Too big
    Case("65 KiB", 413, "too_big", body=b"a" * HUGE),
    Case("65 KiB, and nobody asks", 401, "unauthenticated", path="/messages", body=b"a" * HUGE),
    Case("65 KiB, and a bad query", 413, "too_big", path="/messages?meId=%ff", body=b"a" * HUGE),
    # Nobody, and somebody else
    Case("no caller", 401, "unauthenticated", path="/messages", body=GOOD),
    Case("no caller, and no JSON", 401, "unauthenticated", path="/messages", body=b"{"),
    Case("an empty token", 401, "unauthenticated", body=GOOD, headers={"Authorization": "Bearer"}),
    Case("a bad token", 401, "unauthenticated", body=GOOD, headers={"Authorization": f"Bearer {'a' * 129}"}),
    Case(
        "a token without a space", 401, "unauthenticated", body=GOOD, headers={"Authorization": "Bearerana"}
    ),
    Case("a scheme like it", 401, "unauthenticated", body=GOOD, headers={"Authorization": "BearerToken ana"}),
    Case("another scheme", 401, "unauthenticated", body=GOOD, headers={"Authorization": "Basic YW5hOg=="}),
    Case("no scheme", 401, "unauthenticated", body=GOOD, headers={"Authorization": "ana"}),
    Case("an empty Authorization", 401, "unauthenticated", body=GOOD, headers={"Authorization": ""}),
    Case("another's meId", 403, "forbidden", body=GOOD, headers={"Authorization": "Bearer ben"}),
    Case("another's meId, bad text", 422, "invalid", body=b"{}", headers={"Authorization": "Bearer ben"}),
    Case("another's meId, no JSON", 400, "bad_request", body=b"{", headers={"Authorization": "Bearer ben"}),
    Case(
        "another's meId, unknown conversation",
        403,
        "forbidden",
        body=sending('"a"').replace(_TALK, UNKNOWN_CONVERSATION).encode(),
        headers={"Authorization": "Bearer ben"},
    ),
    Case("a repeated meId", 400, "bad_request", path="/messages?meId=ana&meId=ana", body=GOOD, names="meId"),
    Case("an empty meId", 422, "invalid", path="/messages?meId=", body=GOOD, names="meId"),
    Case("a long meId", 422, "invalid", path=f"/messages?meId={'a' * 129}", body=GOOD, names="meId"),
    Case("a meId with a line feed", 422, "invalid", path="/messages?meId=a%0Ab", body=GOOD, names="meId"),
    Case("a meId that is not UTF-8", 400, "bad_request", path="/messages?meId=%ff", body=GOOD),
    # No such conversation, or not mine: the same
    message("an unknown conversation", sending('"a"').replace(_TALK, UNKNOWN_CONVERSATION), 404, "not_found"),
    Case("a foreign conversation", 404, "not_found", path="/messages?meId=eve", body=GOOD),
    get("a foreign history", HISTORY.replace("=ana", "=eve"), 404, "not_found"),
    get("a slash too many", HISTORY.replace("?", "/?"), 404, "not_found"),
    get("an unknown history", HISTORY.replace(_TALK, UNKNOWN_CONVERSATION), 404, "not_found"),
    Case(
        "a foreign read",
        404,
        "not_found",
        path="/messages/read?meId=eve",
        body=f'{{"conversationId":"{_TALK}","upTo":1}}'.encode(),
    ),
    # Starting
    start("oneself as a peer", '{"peerId":"ana"}', 422, "invalid", "peerId"),
    start("an empty peer", '{"peerId":""}', 422, "invalid", "peerId"),
    start("a peer of 300 characters", f'{{"peerId":"{"p" * 300}"}}', 422, "invalid", "peerId"),
    start("a peer with white space", '{"peerId":"ben "}', 422, "invalid", "peerId"),
    start("no peer", "{}", 422, "invalid", "peerId"),
    start("a peer that is a list", '{"peerId":["ben"]}', 422, "invalid", "peerId"),
    # Reading
    get("a limit of 0", LIST + "&limit=0", 422, "invalid", WHOLE),
    get("a limit of -1", LIST + "&limit=-1", 422, "invalid", "limit"),
    get("a limit of 101", LIST + "&limit=101", 422, "invalid", WHOLE),
    get("a limit of a milliard", LIST + "&limit=1000000000", 422, "invalid", "limit"),
    get("a limit of words", LIST + "&limit=ten", 422, "invalid", WHOLE),
    get("an empty limit", LIST + "&limit=", 422, "invalid", "limit"),
    get("a limit with a fraction", LIST + "&limit=5.0", 422, "invalid", "limit"),
    get("a limit in Arabic digits", LIST + "&limit=%D9%A5", 422, "invalid", "limit"),
    get("two limits", LIST + "&limit=5&limit=5", 400, "bad_request", "limit"),
    get("a page that was never one", LIST + "&page=%20", 422, "invalid", "page: is not a nextPage"),
    get("a position that was never one", LIST + "&position=yesterday", 422, "invalid", "position"),
    get("that, by another", LIST + "&position=x", 422, "invalid", "position", Authorization="Bearer ben"),
    get("a position of another log", LIST + "&position=ffffffffffffffff-0-1", 410, "cursor_unusable"),
    get(
        "a position beyond the end", LIST + "&position=0123456789abcdef-0-999999", 422, "invalid", "position"
    ),
    get("a bound that is no number", HISTORY + "&before=last", 422, "invalid", "before"),
    get("a bound of 10**30", HISTORY + f"&after={10**30}", 422, "invalid", "after"),
    get("a bound of 2**53", HISTORY + f"&around={2**53}", 422, "invalid", "around"),
    get("a bound of -1", HISTORY + "&before=-1", 422, "invalid", "before"),
    get("two bounds", HISTORY + "&before=5&after=1", 422, "invalid", "at most one"),
    get("no conversation", "/messages/history?meId=ana", 400, "bad_request", "conversationId"),
    get("no conversation, bad limit", "/messages/history?meId=ana&limit=x", 400, "bad_request"),
    get("a conversation that is no UUID", HISTORY.replace(_TALK, "42"), 422, "invalid", "conversationId"),
    get(
        "two conversations",
        HISTORY + f"&conversationId={UNKNOWN_CONVERSATION}",
        400,
        "bad_request",
        "conversationId",
    ),
    get("a query that is too long", LIST + "&x=" + "a" * 9_000, 414, "too_big"),
    # Coming back
    get("a sync of 0", SYNC + "&limit=0", 422, "invalid", WHOLE),
    get("a sync of -1", SYNC + "&limit=-1", 422, "invalid", WHOLE),
    get("a sync of a milliard", SYNC + "&limit=1000000000", 422, "invalid", WHOLE),
    get("a sync of 10**30", SYNC + f"&limit={10**30}", 422, "invalid", WHOLE),
    get("a sync of words", SYNC + "&limit=all", 422, "invalid", WHOLE),
    get("an empty cursor", SYNC + "&cursor=", 422, "cursor_invalid", "the cursor is not a cursor"),
    get("garbage for a cursor", SYNC + "&cursor=garbage", 422, "cursor_invalid"),
    get("a cursor in other letters", SYNC + "&cursor=%F0%9F%8C%8A", 422, "cursor_invalid"),
    get("a cursor with one wrong letter", SYNC + f"&cursor={_BENT}", 422, "cursor_invalid"),
    get("a cursor of 5 kB", SYNC + f"&cursor={'A' * 5_000}", 422, "cursor_invalid", "longer than any cursor"),
    get("a cursor of 10 kB", SYNC + f"&cursor={'A' * 10_000}", 414, "too_big"),
    get("two cursors", SYNC + f"&cursor={_MINE}&cursor={_MINE}", 400, "bad_request", "cursor: is repeated"),
    get("a cursor in another's name", SYNC + "&cursor=x", 422, "cursor_invalid", Authorization="Bearer ben"),
    get("a good one, too", SYNC + f"&cursor={_MINE}", 403, "forbidden", Authorization="Bearer ben"),
    get("a cursor that nobody came with", "/messages/sync?cursor=x", 401, "unauthenticated"),
    get("a bad cursor and a bad limit", SYNC + "&cursor=x&limit=0", 422, "invalid", WHOLE),
    get("another's cursor", SYNC.replace("ana", "ben") + f"&cursor={_MINE}", 410, "cursor_unusable"),
    get("a cursor of another log", SYNC + f"&cursor={_OTHERS}", 410, "cursor_unusable"),
    get(
        "a cursor of the future", SYNC + f"&cursor={_FUTURE}", 410, "cursor_unusable", "beyond the log's end"
    ),
    # What there is not
    get(
        "an unknown path",
        "/messages/nothing?meId=ana",
        404,
        "not_found",
        "no such resource; the calls are described at /docs",
    ),
    Case("a wrong method", 405, "method_not_allowed", "DELETE", names="use POST"),
    get("a socket over plain HTTP", "/ws", 426, "bad_request", "WebSocket"),
]


@pytest.fixture(scope="module")
async def talk(gateway: GatewayFixture) -> str:
    return await gateway.start_direct("ana", "ben")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_bad_input_gets_its_problem_and_writes_nothing(
    gateway: GatewayFixture, talk: str, case: Case
) -> None:
    before = len(gateway.written_events())
    body = None if case.body is None else case.body.replace(_TALK.encode(), talk.encode())
    answer = await gateway.http.request(
        case.method,
        case.path.replace(_TALK, talk),
        content=body,
        headers={"Content-Type": "application/json"} | case.headers,
    )
    problem = _problem(answer)
    assert (answer.status_code, problem["code"]) == (case.status, case.code), problem
    assert case.names in problem["detail"]
    assert len(gateway.written_events()) == before


def _problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert set(problem) == {"title", "status", "code", "detail"}
    return problem


async def test_a_wrong_method_is_answered_with_the_right_ones(gateway: GatewayFixture) -> None:
    method = await gateway.http.delete("/messages?meId=ana")
    upgrade = await gateway.http.get("/ws")
    assert method.headers["Allow"] == "POST"
    assert upgrade.headers["Upgrade"] == "websocket"
    assert upgrade.json()["title"] == "Upgrade Required"


async def test_rules_about_several_fields_stand_for_themselves(gateway: GatewayFixture, talk: str) -> None:
    answer = await gateway.http.get(HISTORY.replace(_TALK, talk) + "&before=1&after=1")
    assert answer.json()["detail"] == "before, after, around: at most one of them"


def test_to_refuse_thousands_of_fields_costs_what_reading_them_does() -> None:
    """An error made of each costs dozens of times that."""

    def refuse(what: Callable[[], object]) -> float:
        began = time.process_time()
        for _ in range(10):
            with pytest.raises((Problem, BadFrame)):
                what()
        return time.process_time() - began

    began = time.process_time()
    for _ in range(10):
        json.loads(MANY)
    reading = time.process_time() - began
    body = TypeAdapter(NewMessage)
    assert refuse(lambda: request_parsing._validate_body(MANY.encode(), body)) < 4 * reading
    assert refuse(lambda: frame_decoder.decode(MANY, 65_536)) < 4 * reading


async def test_unknown_query_parameters_and_odd_content_types_do_not_matter(
    gateway: GatewayFixture, talk: str
) -> None:
    answer = await gateway.http.get(
        LIST + "&colour=red&colour=blue&limit=100", headers={"Accept": "text/html"}
    )
    assert answer.status_code == 200
    for content_type in ("", "text/plain", 'application/json; charset="UTF-8"'):
        body = f'{{"conversationId":"{talk}","text":"hello"}}'.encode()
        sent = await gateway.http.post(
            "/messages?meId=ana", content=body, headers={"Content-Type": content_type}
        )
        assert sent.status_code == 202


@pytest.mark.parametrize("given", [["Bearer ana", "Bearer ana"], ["Basic YW5hOg==", "Bearer ana"]])
async def test_two_authorization_headers_name_nobody(gateway: GatewayFixture, given: list[str]) -> None:
    answer = await gateway.http.get(LIST, headers=[("Authorization", value) for value in given])
    assert (answer.status_code, _problem(answer)["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("given", ["Bearer ana", "bearer   ana", "BEARER ana"])
async def test_a_scheme_is_a_word_in_any_case(gateway: GatewayFixture, given: str) -> None:
    answer = await gateway.http.get("/messages/conversations", headers={"Authorization": given})
    assert answer.status_code == 200


async def test_an_endless_body_is_not_read_to_its_end(gateway: GatewayFixture) -> None:
    async def endless() -> Any:
        for _ in range(64):
            yield b"a" * 4096

    answer = await gateway.http.post("/messages?meId=ana", content=endless())
    assert answer.status_code == 413


async def test_a_text_of_the_longest_kind_is_taken() -> None:
    async with run_gateway() as gateway:
        talk = await gateway.start_direct("ana", "ben")
        text = "🌊" * 8_000
        sent = await gateway.http.post("/messages?meId=ana", json={"conversationId": talk, "text": text})
        assert sent.status_code == 202
        history = await gateway.http.get(f"/messages/history?meId=ben&conversationId={talk}")
        assert history.json()["items"][0]["text"] == text
