"""The gateway's OpenAPI document describes what its hot routes take and answer."""

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from gateway.application import application
from tests.unit.gateway.house import opened

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
    ("post", "/messages/start"): {"meId"},
    ("post", "/messages"): {"meId", "Prefer"},
    ("post", "/messages/read"): {"meId"},
}


@pytest.fixture(scope="module")
async def described() -> dict[str, Any]:
    async with opened() as house:
        return application(house.door).openapi()


def test_it_is_a_valid_document(described: dict[str, Any]) -> None:
    validate(described)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_each_call_names_its_parameters_its_body_and_its_problems(
    described: dict[str, Any], call: tuple[str, str]
) -> None:
    method, path = call
    operation = described["paths"][path][method]
    assert {parameter["name"] for parameter in operation["parameters"]} == CALLS[call]
    assert ("requestBody" in operation) == (method == "post")
    assert {"400", "401", "403", "422", "503"} <= operation["responses"].keys()
    for status, answer in operation["responses"].items():
        kind = "application/json" if status.startswith("2") else "application/problem+json"
        assert list(answer["content"]) == [kind]


def test_every_example_is_one_of_its_schema(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    examples = [(name, example) for name, schema in schemas.items() for example in schema.get("examples", [])]
    assert len(examples) == 6
    for name, example in examples:
        _validate(described, {"$ref": f"#/components/schemas/{name}"}, example)


def test_every_example_of_a_body_is_one_of_its_schema(described: dict[str, Any]) -> None:
    for method, path in CALLS:
        if method == "post":
            body = described["paths"][path][method]["requestBody"]["content"]["application/json"]
            _validate(described, body["schema"], body["example"])


async def test_answers_are_as_described(described: dict[str, Any]) -> None:
    async with opened() as house:
        for method, path, answer in await _answers(house.http, await house.talk("ana", "ben")):
            told = described["paths"][path][method]["responses"][str(answer.status_code)]["content"]
            _validate(described, told[answer.headers["Content-Type"]]["schema"], answer.json())


async def _answers(http: httpx.AsyncClient, talk: str) -> list[tuple[str, str, httpx.Response]]:
    message = {"conversationId": talk, "text": "hello"}
    who = {"meId": "ana"}
    wait = {"Prefer": "wait"}
    asked = who | {"conversationId": talk}
    read = {"conversationId": talk, "upTo": 1}
    return [
        ("post", "/messages/start", await http.post("/messages/start", params=who, json={"peerId": "ben"})),
        ("post", "/messages", await http.post("/messages", params=who, json=message)),
        ("post", "/messages", await http.post("/messages", params=who, json=message, headers=wait)),
        ("post", "/messages", await http.post("/messages", params=who, json={})),
        ("post", "/messages/read", await http.post("/messages/read", params=who, json=read)),
        ("get", "/messages/conversations", await http.get("/messages/conversations", params=who)),
        ("get", "/messages/history", await http.get("/messages/history", params=asked)),
        ("get", "/messages/history", await http.get("/messages/history", params=who)),
    ]


def _validate(described: dict[str, Any], schema: dict[str, Any], instance: object) -> None:
    Draft202012Validator(schema | {"components": described["components"]}).validate(instance)
