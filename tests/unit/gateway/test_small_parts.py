"""The small parts, each by itself."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import ValidationError
from websockets.frames import Frame, Opcode

from gateway.api import prefer_header
from gateway.commands.progress_reader import CoalescedProgressReader
from gateway.commands.send_message import encode_accepted
from gateway.settings import Address, Settings
from gateway.websocket import close_codes
from gateway.websocket.frame_decoder import SlidingWindow
from gateway.websocket.send_buffer import Close, SendBuffer
from shared.contract import codec
from shared.contract.frames import AcceptedFrame
from shared.http.websocket_connection import text_frame
from shared.internal.store_api import ProjectionOffsets
from tests.fixtures.recording_connection import RecordingConnection
from tests.fixtures.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION, GatewayFixture

GOOD = {
    "store_url": "http://127.0.0.1:1",
    "notifiers": "127.0.0.1:2",
    "auth": "dev",
    "service_token": SERVICE_TOKEN,
}


def _frame(text: str) -> bytes:
    return text_frame(text.encode())


def test_an_outbox_keeps_nothing_while_the_connection_takes_it() -> None:
    line = RecordingConnection()
    send_buffer = SendBuffer(line, max_frames=2, max_bytes=1_000)
    assert all(send_buffer.put(_frame(text)) for text in "abcd")
    assert (line.written, send_buffer.size) == (["a", "b", "c", "d"], 0)


def test_an_outbox_keeps_order_and_says_when_it_is_full() -> None:
    line = RecordingConnection(is_writable=False)
    send_buffer = SendBuffer(line, max_frames=2, max_bytes=1_000)
    assert [send_buffer.put(_frame(text)) for text in "abc"] == [True, True, False]
    line.is_writable = True
    assert send_buffer.put(_frame("d")) is False
    send_buffer.flush()
    assert send_buffer.put(_frame("e")) is True
    assert line.written == ["a", "b", "e"]


def test_an_outbox_is_full_by_size_too() -> None:
    send_buffer = SendBuffer(RecordingConnection(is_writable=False), max_frames=100, max_bytes=1_000)
    assert [send_buffer.put(_frame("a" * 600)), send_buffer.put(_frame("b" * 600))] == [True, False]


def test_an_outbox_writes_no_more_than_the_connection_takes() -> None:
    class Narrow(RecordingConnection):
        def write(self, frame: bytes) -> None:
            super().write(frame)
            self.is_writable = False

    line = Narrow(is_writable=False)
    send_buffer = SendBuffer(line, 10, 10_000)
    for text in "abc":
        send_buffer.put(_frame(text))
    line.is_writable = True
    send_buffer.flush()
    assert line.written == ["a"]
    assert send_buffer.has_capacity(8, 0)
    assert not send_buffer.has_capacity(9, 0)


def test_an_outbox_ends_with_its_close() -> None:
    line = RecordingConnection(is_writable=False)
    send_buffer = SendBuffer(line, 10, 10_000)
    send_buffer.put(_frame("a"))
    send_buffer.close(Close(close_codes.RESTARTING))
    send_buffer.put(_frame("too late"))
    send_buffer.close(Close(close_codes.TOO_SLOW), drop=True)
    assert line.written == []
    line.is_writable = True
    send_buffer.flush()
    assert line.written == ["a", (1012, "")]


def test_an_outbox_may_drop_what_waits() -> None:
    line = RecordingConnection(is_writable=False)
    send_buffer = SendBuffer(line, 10, 10_000)
    send_buffer.put(_frame("a"))
    send_buffer.close(Close(close_codes.TOO_SLOW), drop=True)
    line.is_writable = True
    send_buffer.flush()
    assert line.written == [(4408, "")]


def test_a_client_that_does_not_take_the_close_is_aborted() -> None:
    line = RecordingConnection(is_writable=False)
    send_buffer = SendBuffer(line, 10, 10_000)
    send_buffer.close(Close(close_codes.TOO_SLOW), drop=True)
    send_buffer.abort()
    assert line.aborted


def test_a_client_that_took_the_close_is_not_aborted() -> None:
    line = RecordingConnection()
    send_buffer = SendBuffer(line, 10, 10_000)
    send_buffer.close(Close(close_codes.RESTARTING))
    send_buffer.abort()
    assert not line.aborted


async def test_an_outbox_is_roomy_again_when_half_of_it_was_taken() -> None:
    line = RecordingConnection(is_writable=False)
    send_buffer = SendBuffer(line, 2, 10_000)
    for text in "ab":
        send_buffer.put(_frame(text))
    waiting = asyncio.create_task(send_buffer.wait_for_capacity())
    await asyncio.sleep(0)
    assert not waiting.done()
    line.is_writable = True
    send_buffer.flush()
    async with asyncio.timeout(1):
        await waiting


@pytest.mark.parametrize("client_id", [None, "c-1", 'π \U0001f30a " \\ <'])
def test_an_accepted_frame_is_encoded_as_by_its_model(client_id: str | None) -> None:
    frame = AcceptedFrame(id=UNKNOWN_CONVERSATION, position="0123456789abcdef-1-5", client_id=client_id)
    assert encode_accepted(UNKNOWN_CONVERSATION, "0123456789abcdef-1-5", client_id) == codec.encode(frame)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_text_frame_is_what_a_client_understands(size: int) -> None:
    text = b"a" * size
    assert text_frame(text) == Frame(Opcode.TEXT, text).serialize(mask=False)


def test_a_sliding_window_detects_more_than_so_many_in_so_long() -> None:
    window = SlidingWindow(max_hits=2, seconds=10)
    assert [window.hit(at) for at in (0, 1, 10.5, 11.5, 12)] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        (["wait"], 5),
        (["wait=3"], 3),
        (['Wait="3"'], 3),
        (["wait = 3"], 3),
        (["wait=11"], 10),
        (["wait=99999999999"], 10),
        (["wait=0"], 0),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait="], None),
        (["waiting"], None),
        (["respond-async", "wait=3; x=y"], 3),
        (["respond-async, wait"], 5),
        (["respond-async", "WAIT"], 5),
        (['wait=""'], 5),
        (["wait=2, wait=3"], 2),
        (["wait=soon, wait=3"], None),
        (['note="a, wait=3"'], None),
        (['note="a;wait=3", wait=4'], 4),
        (["note; wait=3"], None),
    ],
)
def test_prefer_wait_is_read_and_nonsense_ignored(headers: list[str], seconds: float | None) -> None:
    assert prefer_header.parse_wait(headers) == seconds


def test_settings_list_what_is_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"STORE_URL": "http://store:1", "NOTIFIERS": "a:1, b:2", "AUTH": "dev"}
    environment["SERVICE_TOKEN"] = SERVICE_TOKEN
    for name, value in (environment | {"ALLOWED_ORIGINS": "https://x.example,https://y.example"}).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.notifier_addresses == [Address("a", 1), Address("b", 2)]
    assert settings.allowed_origins == ["https://x.example", "https://y.example"]
    assert (settings.public_url, settings.hosts) == (None, [])
    assert (settings.port, settings.heartbeat_seconds, settings.max_body) == (8000, 15, 65_536)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"env": "production"}, "AUTH=dev"),
        ({"auth": "none"}, "'dev'"),
        ({"notifiers": ""}, "host:port"),
        ({"notifiers": "localhost"}, "host:port"),
        ({"notifiers": "localhost:99999"}, "host:port"),
        ({"store_url": "store"}, "pattern"),
        ({"heartbeat_seconds": 0}, "greater"),
        ({"service_token": ""}, "SERVICE_TOKEN_FILE"),
        ({"service_token": "too short"}, "16 to 256"),
        ({"service_token": f"{SERVICE_TOKEN},too short"}, "16 to 256"),
        ({"service_token": "," * 16}, "16 to 256"),
        ({"service_token": "abcabcabcabcabcabcabcabc"}, "too easy to guess"),
        ({"store_url": "https://store.example"}, "STORE_URL with https:// and INTERNAL_CA_FILE"),
        ({"internal_ca_file": "/nowhere"}, "INTERNAL_CA_FILE: /nowhere cannot be used: No such file"),
        ({"internal_ca_file": __file__}, "INTERNAL_CA_FILE: .* cannot be used"),
    ],
)
def test_bad_settings_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate(GOOD | wrong)


def test_the_token_of_the_services_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SERVICE_TOKEN}\n")
    monkeypatch.setenv("SERVICE_TOKEN_FILE", str(file))
    settings = Settings.model_validate({name: GOOD[name] for name in GOOD if name != "service_token"})
    assert settings.service_token.get_secret_value() == SERVICE_TOKEN
    assert SERVICE_TOKEN not in repr(settings)


@pytest.mark.parametrize(
    ("inner", "is_safe"),
    [
        ({}, True),
        ({"store_url": "http://localhost:1", "notifiers": "[::1]:2"}, True),
        ({"store_url": "http://store:1"}, False),
        ({"notifiers": "127.0.0.1:2,notifier:2"}, False),
        ({"store_url": "http://store:1", "allow_insecure_internal": True}, True),
    ],
)
def test_in_production_what_is_called_over_a_network_must_prove_itself(
    inner: dict[str, object], is_safe: bool
) -> None:
    settings = Settings.model_validate(GOOD | inner).model_copy(update={"env": "production"})
    with nullcontext() if is_safe else pytest.raises(ValueError, match="needs INTERNAL_CA_FILE"):
        settings._check_internal()


def test_while_the_token_is_changed_there_are_several() -> None:
    settings = Settings.model_validate(
        GOOD | {"service_token": f"{SERVICE_TOKEN}, another-token-of-the-tests"}
    )
    assert settings.service_tokens == (SERVICE_TOKEN, "another-token-of-the-tests")


async def test_progress_is_read_once_for_all_and_never_before_they_called(
    own_gateway: GatewayFixture,
) -> None:
    store, before = own_gateway.store, own_gateway.store.calls
    reader = CoalescedProgressReader(store, own_gateway.components.producer)
    answers: list[ProjectionOffsets] = await asyncio.gather(*(reader.progress() for _ in range(50)))
    assert store.calls - before <= 2
    first = answers[0]
    await own_gateway.start_direct("ana", "ben")
    assert (await reader.progress()).offsets != first.offsets
