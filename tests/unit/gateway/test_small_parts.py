"""The small parts, each by itself."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError
from websockets.frames import Frame, Opcode

from gateway.api import prefer_header
from gateway.commands.progress_reader import Present
from gateway.settings import Address, Settings
from gateway.websocket import close_codes
from gateway.websocket.frame_decoder import Flood
from gateway.websocket.frame_handler import accepted
from gateway.websocket.send_buffer import Close, Outbox
from shared.contract import codec
from shared.contract.frames import AcceptedFrame
from shared.http.websocket_connection import text_frame
from shared.internal.store_api import ProjectionOffsets
from tests.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import STRANGE, House
from tests.unit.lines import Far

GOOD = {
    "store_url": "http://127.0.0.1:1",
    "notifiers": "127.0.0.1:2",
    "auth": "dev",
    "service_token": SERVICE_TOKEN,
}


def _frame(text: str) -> bytes:
    return text_frame(text.encode())


def test_an_outbox_keeps_nothing_while_the_connection_takes_it() -> None:
    line = Far()
    outbox = Outbox(line, max_frames=2, max_bytes=1_000)
    assert all(outbox.put(_frame(text)) for text in "abcd")
    assert (line.written, outbox.size) == (["a", "b", "c", "d"], 0)


def test_an_outbox_keeps_order_and_says_when_it_is_full() -> None:
    line = Far(is_writable=False)
    outbox = Outbox(line, max_frames=2, max_bytes=1_000)
    assert [outbox.put(_frame(text)) for text in "abc"] == [True, True, False]
    line.is_writable = True
    assert outbox.put(_frame("d")) is False
    outbox.flow()
    assert outbox.put(_frame("e")) is True
    assert line.written == ["a", "b", "e"]


def test_an_outbox_is_full_by_size_too() -> None:
    outbox = Outbox(Far(is_writable=False), max_frames=100, max_bytes=1_000)
    assert [outbox.put(_frame("a" * 600)), outbox.put(_frame("b" * 600))] == [True, False]


def test_an_outbox_writes_no_more_than_the_connection_takes() -> None:
    class Narrow(Far):
        def write(self, frame: bytes) -> None:
            super().write(frame)
            self.is_writable = False

    line = Narrow(is_writable=False)
    outbox = Outbox(line, 10, 10_000)
    for text in "abc":
        outbox.put(_frame(text))
    line.is_writable = True
    outbox.flow()
    assert line.written == ["a"]
    assert outbox.holds(8, 0)
    assert not outbox.holds(9, 0)


def test_an_outbox_ends_with_its_close() -> None:
    line = Far(is_writable=False)
    outbox = Outbox(line, 10, 10_000)
    outbox.put(_frame("a"))
    outbox.close(Close(close_codes.RESTARTING))
    outbox.put(_frame("too late"))
    outbox.close(Close(close_codes.TOO_SLOW), drop=True)
    assert line.written == []
    line.is_writable = True
    outbox.flow()
    assert line.written == ["a", (1012, "")]


def test_an_outbox_may_drop_what_waits() -> None:
    line = Far(is_writable=False)
    outbox = Outbox(line, 10, 10_000)
    outbox.put(_frame("a"))
    outbox.close(Close(close_codes.TOO_SLOW), drop=True)
    line.is_writable = True
    outbox.flow()
    assert line.written == [(4408, "")]


def test_who_did_not_even_take_the_close_is_cut() -> None:
    line = Far(is_writable=False)
    outbox = Outbox(line, 10, 10_000)
    outbox.close(Close(close_codes.TOO_SLOW), drop=True)
    outbox.cut()
    assert line.aborted


def test_who_took_the_close_is_not_cut() -> None:
    line = Far()
    outbox = Outbox(line, 10, 10_000)
    outbox.close(Close(close_codes.RESTARTING))
    outbox.cut()
    assert not line.aborted


async def test_an_outbox_is_roomy_again_when_half_of_it_was_taken() -> None:
    line = Far(is_writable=False)
    outbox = Outbox(line, 2, 10_000)
    for text in "ab":
        outbox.put(_frame(text))
    waiting = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    line.is_writable = True
    outbox.flow()
    async with asyncio.timeout(1):
        await waiting


@pytest.mark.parametrize("client_id", [None, "c-1", 'π \U0001f30a " \\ <'])
def test_what_is_said_of_an_accepted_message_is_as_its_model_says_it(client_id: str | None) -> None:
    frame = AcceptedFrame(id=STRANGE, position="0123456789abcdef-1-5", client_id=client_id)
    assert accepted(STRANGE, "0123456789abcdef-1-5", client_id) == codec.encode(frame)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_text_frame_is_what_a_client_understands(size: int) -> None:
    text = b"a" * size
    assert text_frame(text) == Frame(Opcode.TEXT, text).serialize(mask=False)


def test_a_flood_is_more_than_so_many_in_so_long() -> None:
    flood = Flood(most=2, seconds=10)
    assert [flood.another(at) for at in (0, 1, 10.5, 11.5, 12)] == [False, False, False, False, True]


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
    assert prefer_header.wait(headers) == seconds


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
    ("wrong", "said"),
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
        ({"service_token": "", "service_token_file": "/nowhere"}, "cannot be read"),
    ],
)
def test_bad_settings_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate(GOOD | wrong)


def test_the_token_of_the_services_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SERVICE_TOKEN}\n")
    settings = Settings.model_validate(GOOD | {"service_token": "", "service_token_file": str(file)})
    assert settings.service_token.get_secret_value() == SERVICE_TOKEN
    assert SERVICE_TOKEN not in repr(settings)


async def test_the_present_is_asked_once_for_all_and_never_before_they_asked(own_house: House) -> None:
    store, asked = own_house.store, own_house.store.calls
    present = Present(store, own_house.door.events)
    answers: list[ProjectionOffsets] = await asyncio.gather(*(present.progress() for _ in range(50)))
    assert store.calls - asked <= 2
    before = answers[0]
    await own_house.talk("ana", "ben")
    assert (await present.progress()).offsets != before.offsets
