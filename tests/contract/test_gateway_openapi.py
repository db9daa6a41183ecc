"""The gateway's OpenAPI document describes the parameters and responses of its hot routes."""

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from gateway.app import build_fastapi_app, build_routers
from shared.contract import ids
from tests.unit.gateway.gateway_fixture import run_gateway

CALLS = {
    ("get", "/messages/conversations"): {"meId", "limit", "page", "position"},
    ("get", "/messages/history"): {
        "meId",
        "conversationId",
        "limit",
        "before",
        "after",
        "around",
        "position",
    },
    ("get", "/messages/sync"): {"meId", "cursor", "limit", "position"},
    ("post", "/messages/start"): {"meId"},
    ("post", "/messages"): {"meId", "Prefer"},
    ("post", "/messages/read"): {"meId"},
}

TOUR = [
    ("post", "/messages/start"),
    ("post", "/messages"),
    ("post", "/messages/read"),
    ("get", "/messages/conversations"),
    ("get", "/messages/history"),
]


@pytest.fixture(scope="module")
async def described() -> dict[str, Any]:
    async with run_gateway() as gateway:
        return build_fastapi_app(gateway.components, build_routers(gateway.components)).openapi()


def test_it_is_a_valid_document(described: dict[str, Any]) -> None:
    validate(described)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_each_call_names_its_parameters_its_body_and_its_problems(
    described: dict[str, Any], call: tuple[str, str]
) -> None:
    method, path = call
    operation = described["paths"][path][method]
    act_as = set() if path == "/messages/ws-tickets" else {"Act-As"}
    assert {parameter["name"] for parameter in operation["parameters"]} == CALLS[call] | act_as
    assert ("requestBody" in operation) == (method == "post")
    assert {"400", "401", "403", "421", "422", "500", "503"} <= operation["responses"].keys()
    for status, answer in operation["responses"].items():
        kind = "application/json" if status.startswith("2") else "application/problem+json"
        assert list(answer["content"]) == [kind]


def test_calls_are_named_as_one_would_name_functions(described: dict[str, Any]) -> None:
    named = {operation["operationId"] for path in described["paths"].values() for operation in path.values()}
    calls = {"listConversations", "readHistory", "readSync", "startConversation", "sendMessage", "moveRead"}
    calls.add("createWebSocketTicket")
    assert named == calls | {"healthz", "readyz"}


def test_numbers_have_their_bounds(described: dict[str, Any]) -> None:
    parameters = described["paths"]["/messages/history"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    for bound in ("before", "after", "around"):
        assert schemas[bound] == {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}


def test_bodies_are_closed_and_answers_are_open(described: dict[str, Any]) -> None:
    closed = {name for name, s in described["components"]["schemas"].items() if "additionalProperties" in s}
    assert closed == {"NewConversation", "NewMessage", "NewRead"}


def test_a_token_may_be_given(described: dict[str, Any]) -> None:
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for method, path in CALLS:
        assert described["paths"][path][method]["security"] == [{"bearer": []}, {}]


def test_probes_describe_their_answers(described: dict[str, Any]) -> None:
    for path in ("/healthz", "/readyz"):
        answers = described["paths"][path]["get"]["responses"]
        assert set(answers) == {"200", "503"}
        for answer in answers.values():
            body = answer["content"]["application/json"]
            _validate(described, body["schema"], body["example"])


def test_every_example_is_one_of_its_schema(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    examples = [(name, example) for name, schema in schemas.items() for example in schema.get("examples", [])]
    assert len(examples) == 7
    for name, example in examples:
        _validate(described, {"$ref": f"#/components/schemas/{name}"}, example)


async def test_the_examples_work_as_printed(described: dict[str, Any]) -> None:
    """In the order of README's tour: each response equals its example, except for times and positions."""
    examples = {name: schema.get("examples") for name, schema in described["components"]["schemas"].items()}
    async with run_gateway() as gateway:
        for method, path in TOUR:
            operation = described["paths"][path][method]
            params = {p["name"]: p["example"] for p in operation["parameters"] if "example" in p}
            headers = {"Prefer": params.pop("Prefer")} if "Prefer" in params else {}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            answer = await gateway.http.request(
                method, path, params=params, headers=headers, json=body.get("example")
            )
            answered = operation["responses"][str(answer.status_code)]["content"]["application/json"]
            name = answered["schema"]["$ref"].rpartition("/")[2]
            if path != "/messages/start":  # its example is the conversation as it is later
                assert _timeless(answer.json()) == _timeless(examples[name][0])
    assert examples["Conversation"][0]["id"] == ids.direct_conversation_id("ann", "bob")


def test_problems_are_documented_as_they_are_answered(described: dict[str, Any]) -> None:
    for method, path in CALLS:
        for status, answer in described["paths"][path][method]["responses"].items():
            if not status.startswith("2"):
                content = answer["content"]["application/problem+json"]
                for code, example in content["examples"].items():
                    problem = example["value"]
                    _validate(described, content["schema"], problem)
                    assert (problem["status"], problem["code"]) == (int(status), code)
                    assert "…" not in str(problem)


def test_every_example_of_a_body_is_one_of_its_schema(described: dict[str, Any]) -> None:
    for method, path in CALLS:
        if method == "post":
            body = described["paths"][path][method]["requestBody"]["content"]["application/json"]
            _validate(described, body["schema"], body["example"])


async def test_answers_are_as_described(described: dict[str, Any]) -> None:
    async with run_gateway() as gateway:
        for method, path, answer in await _answers(gateway.http, await gateway.start_direct("ana", "ben")):
            documented = described["paths"][path][method]["responses"][str(answer.status_code)]["content"]
            _validate(described, documented[answer.headers["Content-Type"]]["schema"], answer.json())


async def _answers(http: httpx.AsyncClient, talk: str) -> list[tuple[str, str, httpx.Response]]:
    message = {"conversationId": talk, "text": "hello"}
    who = {"meId": "ana"}
    wait = {"Prefer": "wait"}
    params = who | {"conversationId": talk}
    read = {"conversationId": talk, "upTo": 1}
    return [
        ("post", "/messages/start", await http.post("/messages/start", params=who, json={"peerId": "ben"})),
        ("post", "/messages", await http.post("/messages", params=who, json=message)),
        ("post", "/messages", await http.post("/messages", params=who, json=message, headers=wait)),
        ("post", "/messages", await http.post("/messages", params=who, json={})),
        ("post", "/messages/read", await http.post("/messages/read", params=who, json=read)),
        ("get", "/messages/conversations", await http.get("/messages/conversations", params=who)),
        ("get", "/messages/history", await http.get("/messages/history", params=params)),
        ("get", "/messages/history", await http.get("/messages/history", params=who)),
    ]


def _validate(described: dict[str, Any], schema: dict[str, Any], instance: object) -> None:
    Draft202012Validator(schema | {"components": described["components"]}).validate(instance)


def _timeless(value: Any) -> Any:
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    if isinstance(value, dict):
        passing = {"createdAt", "updatedAt", "position", "cursor", "version"}
        return {name: _timeless(item) for name, item in value.items() if name not in passing}
    return value
