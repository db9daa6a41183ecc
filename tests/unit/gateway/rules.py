"""Every rule that a call can break: made from the gateway's own OpenAPI document and, for what JSON Schema
cannot express, from the list below."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from shared.contract import cursor, page_token
from tests.unit.gateway.gateway_fixture import EPOCH, PARTITIONS, UNKNOWN_CONVERSATION
from tests.unit.gateway.raw import Answer, ask

ME, PEER, OTHER = "ann", "bob", "eve"
ORDER = (414, 431, "host", 401, 413, 400, 422, 403, "state", 404)
"""What comes earlier wins. `state`: what only the log decides about a well-formed position or cursor."""


@dataclass
class Call:
    """A good one, until rules are broken in it."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: dict[str, Any] | None
    raw: bytes | None = None
    """Instead of the body."""
    hosts: list[str] = field(default_factory=lambda: ["localhost"])
    fields: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {ME}"})

    def set(self, name: str, *values: str) -> None:
        self.query = [pair for pair in self.query if pair[0] != name] + [(name, value) for value in values]

    async def send(self, port: int) -> Answer:
        query = "&".join(f"{name}={quote(value, safe='%')}" for name, value in self.query)
        fields = [*(("Host", host) for host in self.hosts), *self.fields.items()]
        body = self.raw or (b"" if self.body is None else orjson.dumps(self.body))
        return await ask(port, self.method.upper(), f"{self.path}?{query}", fields, body)


@dataclass(frozen=True)
class Rule:
    title: str
    status: int
    code: str
    place: str
    """The part of the call that it is about: two rules about one part cannot both be broken."""
    broken: Callable[[Call], object]
    order: str | int = 0

    @property
    def rank(self) -> int:
        return ORDER.index(self.order or self.status)

    def meets(self, other: "Rule") -> bool:
        """Can both be broken in one call?"""
        places = self.place.split("+"), other.place.split("+")
        return not any(a.startswith(b) or b.startswith(a) for a in places[0] for b in places[1])


class Operation:
    """One of the document's, with a call that it answers well."""

    def __init__(
        self, method: str, path: str, described: Mapping[str, Any], schemas: Mapping[str, Any]
    ) -> None:
        self.method, self.path = method, path
        self.parameters = [each for each in described["parameters"] if each["in"] == "query"]
        self.problems = {
            (int(status), code)
            for status, answer in described["responses"].items()
            for code in answer["content"].get("application/problem+json", {}).get("examples", ())
        }
        body = described.get("requestBody", {}).get("content", {}).get("application/json")
        self.example = None if body is None else body["example"]
        name = None if body is None else body["schema"]["$ref"].rpartition("/")[2]
        self.schema: Mapping[str, Any] | None = None if name is None else schemas[name]

    def call(self) -> Call:
        required = [(each["name"], each["example"]) for each in self.parameters if each["required"]]
        query = [("meId", ME), *required]
        return Call(self.method, self.path, query, None if self.example is None else dict(self.example))

    def rules(self) -> list[Rule]:
        made = [
            *_CALLER,
            *self._of_the_query(),
            *(() if self.schema is None else self._of_the_body(self.schema)),
        ]
        return [*made, *(rule for rule in _SEMANTIC.get(self.path, ()))]

    def _of_the_query(self) -> Iterator[Rule]:
        yield Rule("a query that is no UTF-8", 400, "bad_request", "query:x", _sets("x", "%FF"))
        for each in self.parameters:
            name, good = each["name"], str(each.get("example", "1"))
            place = f"query:{name}."
            yield Rule(f"two of {name}", 400, "bad_request", place, _sets(name, good, good))
            if each["required"]:
                yield Rule(f"no {name}", 400, "bad_request", place, _sets(name))
            for bad in _bad_texts(each["schema"]):
                yield Rule(f"{name} {bad[:9]!r}", 422, "invalid", place, _sets(name, bad))
            if name == "position":
                yield Rule(
                    "another log's position", 410, "cursor_unusable", place, _sets(name, _OTHER), "state"
                )
                yield Rule("a position not written", 422, "invalid", place, _sets(name, _BEYOND), "state")
            if name == "conversationId":
                yield Rule(
                    "a foreign conversation", 404, "not_found", place, _sets(name, UNKNOWN_CONVERSATION)
                )

    def _of_the_body(self, schema: Mapping[str, Any]) -> Iterator[Rule]:
        yield Rule("65 KiB", 413, "too_big", "body", _raw(b"[" * 65 * 1024))
        yield Rule("no JSON", 400, "bad_request", "body", _raw(b"{"))
        yield Rule("no object", 422, "invalid", "body", _raw(b"[]"))
        yield Rule("a charset", 400, "bad_request", "type", _field("Content-Type", 'a/b; CHARSET="latin-1"'))
        yield Rule("a foreign page", 403, "forbidden", "page", _field("Origin", "https://evil.example"))
        yield Rule("an unknown field", 422, "invalid", "body:?", _member("colour", "red"))
        for name, member in schema["properties"].items():
            place = f"body:{name}."
            if name in schema["required"]:
                yield Rule(f"no {name}", 422, "invalid", place, _without(name))
            for bad in _bad_values(member):
                yield Rule(f"{name} {str(bad)[:9]}", 422, "invalid", place, _member(name, bad))
            if name == "conversationId":
                yield Rule(
                    "a foreign conversation", 404, "not_found", place, _member(name, UNKNOWN_CONVERSATION)
                )


def _bad_texts(schema: Mapping[str, Any]) -> Iterator[str]:
    """Of a parameter."""
    if schema["type"] == "integer":
        yield from (str(schema["minimum"] - 1), str(schema["maximum"] + 1), "x", "")
    elif "pattern" in schema:
        yield from ("%", "")
    elif "maxLength" in schema:
        yield from ("a" * (schema["maxLength"] + 1), "")


def _bad_values(schema: Mapping[str, Any]) -> Iterator[object]:
    """Of a member of the body."""
    yield from (["a list"], True)
    for each in schema.get("anyOf", [schema]):
        if each["type"] == "integer":
            yield from (each["minimum"] - 1, each["maximum"] + 1, 1.5)
        elif "pattern" in each:
            yield "42"
        elif "maxLength" in each:
            yield from ("a" * (each["maxLength"] + 1), "")


def _sets(name: str, *values: str) -> Callable[[Call], None]:
    return lambda call: call.set(name, *values)


def _raw(body: bytes) -> Callable[[Call], None]:
    return lambda call: setattr(call, "raw", body)


def _field(name: str, value: str) -> Callable[[Call], None]:
    return lambda call: call.fields.update({name: value})


def _fields(count: int) -> Callable[[Call], None]:
    return lambda call: call.fields.update({f"X-{number}": "1" for number in range(count)})


def _member(name: str, value: object) -> Callable[[Call], None]:
    return lambda call: (call.body or {}).update({name: value})


def _without(name: str) -> Callable[[Call], None]:
    return lambda call: setattr(call, "body", {n: v for n, v in (call.body or {}).items() if n != name})


def _hosts(*names: str) -> Callable[[Call], None]:
    return lambda call: setattr(call, "hosts", list(names))


def _anonymous(call: Call) -> None:
    call.set("meId")
    del call.fields["Authorization"]


_OTHER, _BEYOND = f"{'f' * 16}-0-1", f"{EPOCH}-0-999999"
_MINE, _THEIRS, _FUTURE = (
    cursor.encode(EPOCH, who, [at] * PARTITIONS) for who, at in ((ME, 1), (OTHER, 1), (ME, 999))
)
_CALLER = [
    Rule("a long request line", 414, "too_big", "query:x", _sets("x", "a" * 8_192)),
    Rule("many fields", 431, "too_big", "fields", _fields(101)),
    Rule("no host", 400, "bad_request", "host", _hosts(), "host"),
    Rule("two hosts", 400, "bad_request", "host", _hosts("localhost", "localhost"), "host"),
    Rule("another's host", 421, "bad_request", "host", _hosts("evil.example"), "host"),
    Rule("nobody", 401, "unauthenticated", "token+query:meId.", _anonymous),
    Rule("a bad token", 401, "unauthenticated", "token", _field("Authorization", f"Bearer {'a' * 129}")),
    Rule("another's name", 403, "forbidden", "query:meId.", _sets("meId", PEER)),
]
_NO_TOKENS = (
    "AAAA",
    "A",
    page_token.encode("2026-01-15", UNKNOWN_CONVERSATION),
    page_token.encode("x", "42"),
)
_SEMANTIC: dict[str, list[Rule]] = {
    "/messages/start": [Rule("oneself", 422, "invalid", "body:peerId.", _member("peerId", ME))],
    "/messages": [Rule("a blank text", 422, "invalid", "body:text.", _member("text", " \n"))],
    "/messages/conversations": [
        Rule(f"page {text}", 422, "invalid", "query:page.", _sets("page", text)) for text in _NO_TOKENS
    ],
    "/messages/history": [
        Rule(
            f"{one} and {two}",
            422,
            "invalid",
            f"query:{one}.+query:{two}.",
            lambda call, one=one, two=two: (call.set(one, "1"), call.set(two, "1")),  # type: ignore[misc]
        )
        for one, two in (("before", "after"), ("after", "around"), ("before", "around"))
    ],
    "/messages/sync": [
        Rule("garbage", 422, "cursor_invalid", "query:cursor.", _sets("cursor", "garbage")),
        Rule("another's cursor", 410, "cursor_unusable", "query:cursor.", _sets("cursor", _THEIRS), "state"),
        Rule("a future cursor", 410, "cursor_unusable", "query:cursor.", _sets("cursor", _FUTURE), "state"),
    ],
}
