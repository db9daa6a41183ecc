"""The AsyncAPI 3.0 documents: the topic that other services read, and the clients' WebSocket."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from gateway.api.schema_generator import components, schema_name
from shared.contract.close_codes import CLOSE_MEANINGS
from shared.contract.codec import HEADERS
from shared.tracing import traceparent
from tools.contract.samples import sample_bytes
from tools.contract.schemas import ENTRIES, FROM_CLIENTS, TO_CLIENTS, Document, type_of

VERSION = "1.0.0"

_TOPIC = """\
What came of everything that users did, one entry each: new messages, conversations, members, reads,
rejections, and revocations of a user's tokens.

Entries are CloudEvents 1.0 in structured mode. The key is the conversation id (of a user's own entries
`user:<user id>`): entries of one key come in order. An entry may come more than once: deduplicate by its
`id`. Ignore types and fields that you do not know. Kept for 7 days. See README.md."""

_SOCKET = """\
Frames are JSON texts. Those made from an entry are state, never deltas, and carry `version`: drop what is
not above the version of the object that you hold. Ignore types and fields that you do not know.

`x-close-codes` of the channel lists all codes with which a socket is closed, and whether to come back (with
the last cursor). With `afterMs` the close's reason `afterMs=<n>` says how many milliseconds to wait;
otherwise, and when the connection ends without a close, wait a random second or so. An upgrade may be
refused, too, with a problem document: 400 (no `Host`, or two), 403 (a page of a foreign origin), 421
(another's `Host`).

An access token is sent by `Authorization: Bearer`, as in REST, or as the sub-protocols
`parley.v1, bearer.<token>`, which are answered with `parley.v1`. With AUTH=dev it is the user id, which
`token` in the URL may hold, too; where several are given they must agree (4401). Send the frame `auth` with a
new token before the present one expires."""


def topic() -> Document:
    """`chat.messages`: Parley sends, other services receive."""
    return {
        **_head("Parley: chat.messages", _TOPIC, "application/cloudevents+json"),
        "channels": {
            "chat.messages": {
                "address": "chat.messages",
                "messages": _references("", ENTRIES),
                "bindings": {
                    "kafka": {
                        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": 604_800_000},
                        "bindingVersion": "0.5.0",
                    }
                },
            }
        },
        "operations": {"publish": _operation("send", "chat.messages", "", ENTRIES)},
        "components": {
            "messages": {type_of(model): _entry(model) for model in ENTRIES},
            "schemas": components(ENTRIES, "serialization"),
        },
    }


def socket() -> Document:
    """`/ws`, as the gateway sees it: what it sends and what it receives."""
    channel = {
        "address": "/ws",
        "messages": _references("to-client.", TO_CLIENTS) | _references("from-client.", FROM_CLIENTS),
        "bindings": {
            "ws": {"method": "GET", "query": _QUERY, "headers": _UPGRADE, "bindingVersion": "0.1.0"}
        },
        "x-close-codes": [
            {
                "code": code.value,
                "when": meaning.when,
                "reconnect": meaning.reconnect,
                "afterMs": meaning.delayed,
            }
            for code, meaning in CLOSE_MEANINGS.items()
        ],
    }
    schemas = components(TO_CLIENTS, "serialization") | components(FROM_CLIENTS, "validation")
    messages = _frames("to-client.", TO_CLIENTS) | _frames("from-client.", FROM_CLIENTS)
    return {
        **_head("Parley: WebSocket", _SOCKET, "application/json"),
        "channels": {"socket": channel},
        "operations": {
            "send": _operation("send", "socket", "to-client.", TO_CLIENTS),
            "receive": _operation("receive", "socket", "from-client.", FROM_CLIENTS),
        },
        "servers": {
            "gateway": {
                "host": "localhost:8000",
                "protocol": "ws",
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
            }
        },
        "components": {"messages": messages, "schemas": schemas, "securitySchemes": _SECURITY},
    }


_ALWAYS = {name: {"type": "string", "const": value.decode()} for name, value in HEADERS}
_HEADERS = _ALWAYS | {
    traceparent.HEADER: {
        "type": "string",
        "pattern": traceparent.PATTERN,
        "description": "The trace of the entry (W3C Trace Context), where the deployment traces.",
    }
}
_QUERY = {
    "type": "object",
    "properties": {
        "token": {
            "type": "string",
            "description": "A ticket of POST /messages/ws-tickets. With AUTH=dev also the user id; with "
            "AUTH=jwt an access token, only where the deployment sets ALLOW_URL_TOKENS.",
        },
        "cursor": {
            "type": "string",
            "description": "Where the last socket ended; absent: from now on. One that is none gets `error` "
            "`cursor_invalid`; a request line above 8 KiB is refused with HTTP 414.",
        },
    },
}
_UPGRADE = {
    "type": "object",
    "properties": {
        "Authorization": {"type": "string", "description": "Bearer <token>"},
        "Sec-WebSocket-Protocol": {"type": "string", "description": "parley.v1, bearer.<token>"},
    },
}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the deployment's issuer; with AUTH=dev the user id.",
    },
    "subprotocol": {
        "type": "httpApiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": "The same token in a browser: `parley.v1, bearer.<token>`.",
    },
}


def _head(title: str, description: str, content_type: str) -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": VERSION,
            "description": description,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": content_type,
    }


def _references(prefix: str, models: Iterable[type[BaseModel]]) -> Document:
    names = [prefix + type_of(model) for model in models]
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _operation(action: str, channel: str, prefix: str, models: Sequence[type[BaseModel]]) -> Document:
    place = f"#/channels/{channel}"
    return {
        "action": action,
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{prefix}{type_of(model)}"} for model in models],
    }


def _entry(model: type[BaseModel]) -> Document:
    if "conversation_id" in model.model_fields["data"].annotation.model_fields:  # type: ignore[union-attr]
        key = {"type": "string", "format": "uuid", "description": "The conversation id, as in `subject`."}
    else:
        key = {"type": "string", "description": "`user:<user id>`, as in `subject`."}
    return {
        **_message(model),
        "headers": {"type": "object", "properties": _HEADERS, "required": list(_ALWAYS)},
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
        "examples": [{"payload": json.loads(sample_bytes()[type_of(model)])}],
    }


def _frames(prefix: str, models: Iterable[type[BaseModel]]) -> Document:
    return {prefix + type_of(model): _message(model) for model in models}


def _message(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": type_of(model),
        "summary": (model.__doc__ or "").strip(),
        "payload": {"$ref": f"#/components/schemas/{schema_name(model.__name__)}"},
    }
