"""Who may do what, as data: one rule for each operation of the OpenAPI document and each client frame.

What names a conversation is for its members only; that is derived. Everything else has a line in
`NAMES_NO_CONVERSATION`: `rule_of` fails for an operation or frame without one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

CONTRACT = Path("docs/contract")
CONVERSATION_FIELD = "conversationId"


class Rule(StrEnum):
    MEMBERS = "members of the conversation; for all others it does not exist"
    CALLER = "every user, about what is the user's own"
    OPERATORS = "operators, at the administration port"
    PUBLIC = "everyone"


class Persona(StrEnum):
    MEMBER = "member"
    OTHER_MEMBER = "other-member"
    STRANGER = "stranger"
    REMOVED = "removed-member"
    """Wrote to the conversation just before: the gateway has cached the membership."""
    ANONYMOUS = "anonymous"
    """Without credentials."""
    MALFORMED = "malformed-credentials"
    EXPIRED = "expired-token"
    """A member's token otherwise, as are the next two."""
    OTHER_AUDIENCE = "token-for-another-audience"
    FORGED = "token-signed-by-another-key"
    REVOKED = "revoked-member"
    """A member's token, from before all that the member holds were revoked."""
    SERVICE = "service"
    """With the scope `service` alone: acts for nobody without `Act-As`."""
    OPERATOR = "operator"
    """With the scope `operator` alone."""


MEMBERS = (Persona.MEMBER, Persona.OTHER_MEMBER)
UNAUTHENTICATED = (
    *(Persona.ANONYMOUS, Persona.MALFORMED),
    *(Persona.EXPIRED, Persona.OTHER_AUDIENCE, Persona.FORGED, Persona.REVOKED),
)
SCOPED = (Persona.SERVICE, Persona.OPERATOR)
"""Their tokens are no user's. With AUTH=dev everyone has every scope: there they are strangers."""
AUTHENTICATED = tuple(persona for persona in Persona if persona not in (*UNAUTHENTICATED, *SCOPED))

NAMES_NO_CONVERSATION: Mapping[str, Rule] = {
    "listConversations": Rule.CALLER,
    "readSync": Rule.CALLER,
    "startConversation": Rule.CALLER,
    "createWebSocketTicket": Rule.CALLER,
    "auth": Rule.CALLER,
    "healthz": Rule.PUBLIC,
    "readyz": Rule.PUBLIC,
    "metrics": Rule.PUBLIC,
    "revoke": Rule.OPERATORS,
}

_numbers = count(1)


@dataclass(frozen=True)
class Operation:
    """An operation of the OpenAPI document."""

    name: str
    method: str
    path: str
    parameters: Mapping[str, Any]
    """The example of each required query parameter."""
    optional: frozenset[str]
    """Query parameters and header fields that may be absent."""
    body: Mapping[str, Any] | None

    admin: bool = False
    """Answered at the administration port."""

    @property
    def rule(self) -> Rule:
        return rule_of(self.name, {*self.parameters, *(self.body or ())})

    def query(self, conversation: str) -> dict[str, Any]:
        return _about(self.parameters, conversation)

    def content(self, conversation: str) -> dict[str, Any] | None:
        return None if self.body is None else _about(self.body, conversation)


@dataclass(frozen=True)
class FrameType:
    """A frame that clients send."""

    name: str
    fields: Mapping[str, Any]
    """An example of each required field."""

    @property
    def rule(self) -> Rule:
        return rule_of(self.name, self.fields)

    def content(self, conversation: str, token: str) -> dict[str, Any]:
        """Return the frame about a conversation; `token` is the sender's own."""
        content = _about(self.fields, conversation)
        return {**content, "token": token} if "token" in content else content


def rule_of(name: str, fields: Mapping[str, Any] | set[str]) -> Rule:
    if CONVERSATION_FIELD in fields:
        return Rule.MEMBERS
    assert name in NAMES_NO_CONVERSATION, f"{name}: add to NAMES_NO_CONVERSATION who may do this"
    return NAMES_NO_CONVERSATION[name]


def allows(rule: Rule, persona: Persona, *, scopes: bool) -> int:
    """Return 200 for any success, else the status of the refusal. Without `scopes` everyone has all."""
    if rule is Rule.PUBLIC:
        return 200
    if persona in UNAUTHENTICATED:
        return 401
    if rule is Rule.OPERATORS:
        return 200 if persona is Persona.OPERATOR or not scopes else 403
    if persona in SCOPED and scopes:
        return 403
    return 200 if rule is Rule.CALLER or persona in MEMBERS else 404


def operations() -> list[Operation]:
    document = json.loads((CONTRACT / "openapi.json").read_bytes())
    return list(_operations(document))


def admin_operations() -> list[Operation]:
    """Those of the admin port, which has no OpenAPI document: tests/unit/gateway/auth/test_operators.py
    compares."""
    return [
        Operation("revoke", "POST", "/revoke", {}, frozenset(), {"userId": "nobody"}, admin=True),
        *(
            Operation(name, "GET", f"/{name}", {}, frozenset(), None, admin=True)
            for name in ("healthz", "readyz", "metrics")
        ),
    ]


def frame_types() -> list[FrameType]:
    schemas = [
        json.loads(path.read_bytes()) for path in sorted(CONTRACT.glob("schemas/frames/from-client/*.json"))
    ]
    return [
        FrameType(
            schema["properties"]["type"]["const"],
            {name: _example(name, schema["properties"][name]) for name in schema["required"]},
        )
        for schema in schemas
    ]


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            given = call.get("parameters", [])
            required = {each["name"]: each["example"] for each in given if each.get("required")}
            body = call.get("requestBody", {}).get("content", {}).get("application/json")
            yield Operation(
                call["operationId"],
                method.upper(),
                path,
                required,
                frozenset(each["name"] for each in given if not each.get("required")),
                None if body is None else body["example"],
            )


def _example(name: str, schema: Mapping[str, Any]) -> Any:
    if "const" in schema:
        return schema["const"]
    if name == "token":
        return ""  # each sender has its own
    assert schema.get("examples"), f"{name}: its model needs an example"
    return schema["examples"][0]


def _about(example: Mapping[str, Any], conversation: str) -> dict[str, Any]:
    """Return the example about another conversation, and with an idempotency key of its own."""
    own = {CONVERSATION_FIELD: conversation, "clientId": f"access-{next(_numbers)}"}
    return {name: own.get(name, value) for name, value in example.items()}
