"""Everything that reads bytes of others, as functions of bytes.

A target returns for every input: it catches the errors that the reader documents, and no others. It also
checks what must hold for what was read.
"""

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jwt.api_jws import PyJWS
from opentelemetry.sdk.trace import TracerProvider
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from gateway.api import header_fields, prefer_header
from gateway.api.query_params import ConversationsParams, HistoryParams, SyncParams
from gateway.api.request_parsing import _validate_body, _validate_query
from gateway.auth.credentials import Credentials
from gateway.auth.dev import DevAuthenticator
from gateway.auth.hosts import HostCheckMiddleware, canonical_host, is_loopback
from gateway.auth.key_source import KeySource, from_text
from gateway.auth.keys import ALGORITHMS, InvalidKeys, parse_keys
from gateway.auth.origins import Origins, canonical
from gateway.auth.principal import Principal
from gateway.auth.scopes import act_as
from gateway.auth.tickets import InvalidTicket, TicketSealer, is_ticket
from gateway.auth.token_verifier import TokenRules, TokenVerifier
from gateway.commands.registry import COMMANDS
from gateway.proxies.trusted_proxies import ForwardedHeader, TrustedProxies
from gateway.websocket import frame_decoder
from shared.contract import codec, cursor, page_token
from shared.contract.fields import UserId
from shared.contract.position import Position
from shared.http.problems import Problem
from shared.http.query_string import QueryString
from shared.internal import link_protocol, store_api
from shared.tracing import messaging, traceparent
from shared.tracing.open_telemetry import OpenTelemetryTracer
from tests.fixtures.issuer import AUDIENCE, ISSUER, SigningKey

_EPOCH = "0123456789abcdef"
_MAX_FRAME = 64 * 1024
_BODIES: Sequence[TypeAdapter[object]] = [TypeAdapter(command.body) for command in COMMANDS]
_ORIGINS = Origins(["https://chat.example"], loopback=True)
_TRACER = OpenTelemetryTracer(TracerProvider(shutdown_on_exit=False))
_OPERATION = messaging.process("chat.events")
_TICKET_KEY = bytes(32)
_TICKET_TIME = 1.7e9
_SEALER = TicketSealer([_TICKET_KEY], now=lambda: _TICKET_TIME)
_user_id: TypeAdapter[str] = TypeAdapter(UserId)
_STORE_CALLS = (
    store_api.ConversationsParams,
    store_api.HistoryParams,
    store_api.MembershipParams,
    store_api.OutcomeParams,
    store_api.SyncParams,
)


@dataclass(frozen=True)
class Target:
    run: Callable[[bytes], None]
    seeds: Sequence[bytes]
    """Valid inputs to begin from."""


def read_cursor(data: bytes) -> None:
    with suppress(cursor.InvalidCursor):
        read = cursor.decode(_text(data))
        assert len(read.epoch) == 16
        assert all(offset >= 0 for offset in read.offsets)


def read_sealed_cursor(data: bytes) -> None:
    """With a right version and checksum: what a client can compute itself."""
    body = b"\x01" + data
    sealed = body + binascii.crc32(body).to_bytes(4, "big")
    read_cursor(base64.urlsafe_b64encode(sealed).rstrip(b"="))
    with suppress(Problem):
        store_api.decode_cursor(base64.urlsafe_b64encode(sealed).rstrip(b"=").decode())


def read_position(data: bytes) -> None:
    with suppress(ValueError):
        assert str(Position.parse(_text(data))) == _text(data)


def read_page_token(data: bytes) -> None:
    with suppress(ValueError):
        page_token.decode(_text(data))
    with suppress(ValueError):
        page_token.decode(base64.urlsafe_b64encode(data).rstrip(b"=").decode())


def read_query(data: bytes) -> None:
    query = QueryString.parse(data)
    for model in (ConversationsParams, HistoryParams, SyncParams):
        with suppress(Problem):
            _validate_query(query.single_values(model.names()), model)


def read_store_query(data: bytes) -> None:
    for call in _STORE_CALLS:
        with suppress(Problem, ValidationError):
            call.decode(data, {})


def read_body(data: bytes) -> None:
    for body in _BODIES:
        with suppress(Problem):
            _validate_body(data, body, "ann")


def read_frame(data: bytes) -> None:
    with suppress(frame_decoder.BadFrame):
        frame_decoder.decode(_text(data), _MAX_FRAME)


def read_prefer(data: bytes) -> None:
    wait = prefer_header.parse_wait(data.decode("latin-1").split("\n"))
    assert wait is None or 0 <= wait <= prefer_header.MAX_WAIT_SECONDS


def read_header_fields(data: bytes) -> None:
    text = data.decode("latin-1")
    header_fields.charset(text)
    header_fields.accepts_gzip(text.split("\n"))
    for credentials in (
        Credentials.of_request(Headers({"authorization": text}), {}),
        Credentials.of_upgrade(Headers({"sec-websocket-protocol": text}), {"token": [text]}),
    ):
        with suppress(Problem):
            asyncio.run(DevAuthenticator().authenticate(credentials))


def read_token(data: bytes) -> None:
    """What is accepted has the claims that the issuer signed."""
    with suppress(Problem):
        assert asyncio.run(_verifier().verify(_text(data))) == asyncio.run(
            _verifier().verify(_TOKEN.decode())
        )


def read_signed_claims(data: bytes) -> None:
    """Claims that a trusted issuer signed, whatever they are."""
    key = _signing_key()
    token = PyJWS().encode(data, key.private, key.algorithm, {"kid": key.kid})
    with suppress(Problem):
        principal = asyncio.run(_verifier().verify(token))
        assert _user_id.validate_python(principal.user_id) == principal.user_id
        assert principal.scopes <= {"user", "service", "operator"}
        assert (principal.issued_at or 0) <= time.time() < (principal.expires_at or 0)


def read_keys(data: bytes) -> None:
    with suppress(InvalidKeys):
        parse_keys(_text(data), ALGORITHMS)


@cache
def _signing_key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate(), "EdDSA")


@cache
def _verifier() -> TokenVerifier:
    source = KeySource(from_text(_signing_key().pem().decode()), partial(parse_keys, allowed=["EdDSA"]))
    asyncio.run(source.reload_for_unknown_kid())
    return TokenVerifier(source, TokenRules(ISSUER, [AUDIENCE], "sub", 1e12, 0))


def read_ticket(data: bytes) -> None:
    """What is accepted is what was sealed."""
    text = _text(data)
    is_ticket(text)
    with suppress(InvalidTicket):
        assert _SEALER.open(text).principal == Principal("ann")


def read_sealed_ticket(data: bytes) -> None:
    """Content that one of our keys sealed, whatever it is."""
    nonce = bytes(12)
    sealed = AESGCM(_TICKET_KEY).encrypt(nonce, data, b"parley websocket ticket 1")
    with suppress(InvalidTicket):
        content = _SEALER.open("pt1." + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("="))
        assert _TICKET_TIME < content.expires_at < float("inf")


def read_act_as(data: bytes) -> None:
    fields = data.decode("latin-1").split("\n")
    with suppress(Problem):
        acting = act_as(Principal("shop", frozenset({"service"})), fields, is_allowed=True)
        assert _user_id.validate_python(acting.user_id) == acting.user_id
        assert acting.scopes == {"user"}


def read_forwarded(data: bytes) -> None:
    """The lines of the header, of a peer that is trusted and of one that is not."""
    for header in ForwardedHeader:
        proxies = TrustedProxies.parse(["10.0.0.0/8"], header)
        headers = [(header.value.encode(), line) for line in data.split(b"\n")]
        assert str(proxies.client_address("192.0.2.1", headers)) == "192.0.2.1"
        assert proxies.client_address("10.0.0.1", headers) is not None


def read_host(data: bytes) -> None:
    """The middleware answers or passes on; what it passes on is one of its names."""
    headers = [(b"host", value) for value in data.split(b"\n")]
    scope = {"type": "http", "path": "/messages", "headers": headers}
    if HostCheckMiddleware(_no_app, ["chat.example"], loopback=True)._problem(scope) is None:
        name = headers[0][1].decode().lower().partition("]")[0].partition(":")[0]
        assert name in ("chat.example", "localhost", "[") or name.endswith(".localhost") or name[:4] == "127."


def read_origin(data: bytes) -> None:
    text = data.decode("latin-1")
    with suppress(ValueError):
        canonical(text)
    with suppress(ValueError):
        is_loopback(canonical_host(text))
    if _ORIGINS.allows(text):
        assert text.lower().startswith(("http://", "https://"))


def read_event(data: bytes) -> None:
    with suppress(codec.DecodeError):
        event = codec.decode_event(data)
        assert codec.decode_event(codec.encode(event)) == event


def read_entry(data: bytes) -> None:
    with suppress(codec.DecodeError):
        entry = codec.decode_entry(data)
        assert codec.decode_entry(codec.encode(entry)) == entry


def read_gateway_message(data: bytes) -> None:
    with suppress(link_protocol.ProtocolError):
        link_protocol.decode_gateway_message(_text(data))


def read_notifier_message(data: bytes) -> None:
    with suppress(link_protocol.ProtocolError):
        link_protocol.decode_notifier_message(data)


def read_traceparent(data: bytes) -> None:
    """Of a request or a record; whatever it is, what is carried on is well-formed."""
    for text in (
        traceparent.of_request([(b"traceparent", data)]),
        traceparent.of_record([("traceparent", data)]),
    ):
        span = _TRACER.start(_OPERATION, parent=text, links=[text])
        assert span.traceparent == "" or traceparent.trace_id(span.traceparent)


async def _no_app(*_: object) -> None:
    raise AssertionError("a request was passed on")


def _text(data: bytes) -> str:
    """Text as UTF-8 gives it; WebSocket and query string let no other through."""
    return data.decode(errors="replace")


def _golden(folder: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(Path(f"tests/contract/golden/{folder}").glob("*.json"))]


_CLAIMS = orjson.dumps(
    {
        "iss": ISSUER,
        "aud": [AUDIENCE],
        "sub": "ann",
        "iat": 1.7e9,
        "exp": 99_999_999_999,
        "scope": "user",
        "name": "Ann",
    }
)
_TICKET = orjson.dumps(
    {
        "id": "0e4d9a38-51b1-4c5b-9c5e-0d4f7b1d6a11",
        "expires_at": 99_999_999_999.5,
        "user_id": "ann",
        "scopes": ["user"],
        "token_expires_at": None,
        "issued_at": 1.7e9,
        "name": None,
    }
)
_TOKEN = PyJWS().encode(_CLAIMS, _signing_key().private, "EdDSA").encode()
_CONVERSATION = "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8"
_POSITION = f"{_EPOCH}-8-4"
_CURSOR = cursor.encode(_EPOCH, "ann", [1, 2**40, 3, 0]).encode()
_PAGE = page_token.encode("2026-01-15T12:00:00.000Z", _CONVERSATION)
_MESSAGE = f'{{"conversationId":"{_CONVERSATION}","text":"Lunch?","clientId":"lunch-1"}}'.encode()
_NOTIFIER_MESSAGES = [
    link_protocol.encode_notifier_message(message).encode()
    for message in (
        link_protocol.PartitionsAssigned(12, {1: link_protocol.PartitionOffsets(5, 6)}),
        link_protocol.Acknowledged(3),
        link_protocol.Gap({1: link_protocol.PartitionOffsets(5, 6)}),
    )
]
_GATEWAY_MESSAGES = [
    link_protocol.encode_gateway_message(message).encode()
    for message in (
        link_protocol.Subscribe(1, ["ann"]),
        link_protocol.Unsubscribe(2, ["bob"]),
        link_protocol.Replay({1: 5}),
    )
]

TARGETS: Mapping[str, Target] = {
    "cursor": Target(read_cursor, [_CURSOR]),
    "sealed-cursor": Target(read_sealed_cursor, [base64.urlsafe_b64decode(_CURSOR + b"==")[1:-4]]),
    "position": Target(read_position, [_POSITION.encode()]),
    "page-token": Target(read_page_token, [_PAGE.encode()]),
    "query": Target(
        read_query,
        [
            f"conversationId={_CONVERSATION}&limit=50&before=7&position={_POSITION}".encode(),
            b"meId=ann&cursor=" + _CURSOR,
            f"page={_PAGE}&limit=100".encode(),
        ],
    ),
    "store-query": Target(
        read_store_query, [f"user=ann&conversation={_CONVERSATION}&limit=50&wait=1.5".encode()]
    ),
    "body": Target(
        read_body, [_MESSAGE, b'{"peerId":"bob"}', _MESSAGE.replace(b'"text":"Lunch?"', b'"upTo":1')]
    ),
    "frame": Target(read_frame, [b'{"type":"message",' + _MESSAGE[1:], b'{"type":"read","upTo":1}']),
    "prefer": Target(read_prefer, [b"wait=5", b'respond-async, wait="10"; x', b"a\nwait"]),
    "header-fields": Target(
        read_header_fields, [b"Bearer ann", b'application/json; charset="utf-8"', b"gzip;q=0.5, *;q=0"]
    ),
    "token": Target(read_token, [_TOKEN]),
    "signed-claims": Target(read_signed_claims, [_CLAIMS]),
    "keys": Target(read_keys, [_signing_key().pem(), orjson.dumps({"keys": [_signing_key().jwk()]})]),
    "ticket": Target(read_ticket, [_SEALER.seal(Principal("ann")).text.encode()]),
    "sealed-ticket": Target(read_sealed_ticket, [_TICKET]),
    "act-as": Target(read_act_as, [b"ann", "ä".encode(), b"ann\nbob"]),
    "forwarded": Target(
        read_forwarded,
        [
            b"198.51.100.1, 203.0.113.7",
            b'for="[2001:db8::1]:4711";proto=https, for=10.0.0.2',
            b"for=unknown\n::1",
        ],
    ),
    "host": Target(
        read_host, [b"chat.example:443", b"LOCALHOST", b"[::1]:8000", b"127.0.0.1", b"a.localhost\nb"]
    ),
    "origin": Target(read_origin, [b"https://chat.example:443", b"http://127.0.0.1:8000", b"[::1]:8000"]),
    "event": Target(read_event, _golden("events")),
    "entry": Target(read_entry, _golden("entries")),
    "gateway-message": Target(read_gateway_message, _GATEWAY_MESSAGES),
    "notifier-message": Target(read_notifier_message, _NOTIFIER_MESSAGES),
    "traceparent": Target(read_traceparent, [f"00-{32 * 'a'}-{16 * 'b'}-01".encode()]),
}
