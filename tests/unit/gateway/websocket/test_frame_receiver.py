"""How much of what a client sends is handled at a time, and when reading resumes."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, ClassVar

import orjson

from gateway.auth.dev import DevAuthenticator
from gateway.auth.principal import Principal
from gateway.commands.command import ClientFrame, CommandContext
from gateway.commands.send_message import SendMessage, SendMessageCommand
from gateway.limits.user_rates import Rate, RateLimit, UserRates
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameHandler
from gateway.websocket.frame_receiver import FrameReceiver
from gateway.websocket.send_buffer import SendBuffer
from gateway.websocket.socket_credentials import SocketCredentials
from tests.fixtures.recording_connection import RecordingConnection
from tests.unit.gateway.gateway_fixture import UNKNOWN_CONVERSATION


class PausableConnection(RecordingConnection):
    """Records whether it is read."""

    reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class SlowCommand:
    """Acknowledges once `confirms` is set."""

    docs: ClassVar = SendMessageCommand.docs
    frame: ClassVar[type[ClientFrame[Any]]] = SendMessage
    rate: ClassVar = Rate.SENDS

    def __init__(self, _: CommandContext | None = None) -> None:
        self.confirms = asyncio.Event()
        self.texts: list[str] = []

    async def submit(self, _: str, frame: SendMessage) -> Awaitable[bytes]:
        self.texts.append(frame.text)
        return self._acknowledge()

    async def _acknowledge(self) -> bytes:
        await self.confirms.wait()
        return b'{"type":"accepted"}'


def frame_receiver(
    wire: PausableConnection, command: SlowCommand, rates: Mapping[Rate, RateLimit] | None = None
) -> FrameReceiver:
    connection = ClientConnection("ana", SendBuffer(wire, 1_000, 100_000), OffsetTracker())
    credentials = SocketCredentials(DevAuthenticator(), connection, Principal("ana"))
    handler = FrameHandler(connection, {SendMessage: command}, credentials)
    return FrameReceiver(wire, connection, handler, rates=UserRates(rates or {}), max_frame_bytes=1_000)


def message(number: int) -> str:
    frame = {"type": "message", "conversationId": UNKNOWN_CONVERSATION, "text": f"{number}"}
    return orjson.dumps(frame).decode()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_handled_before_hello() -> None:
    wire, command = PausableConnection(), SlowCommand()
    receiver = frame_receiver(wire, command)
    receiver.on_text(message(1))
    receiver.on_text("nonsense")
    await settled()
    assert (wire.reading, wire.written, command.texts) == (False, [], [])
    receiver.open()
    await settled()
    assert (wire.reading, len(wire.written), command.texts) == (True, 1, ["1"])


async def test_reading_pauses_while_too_many_frames_are_in_flight() -> None:
    wire, command = PausableConnection(), SlowCommand()
    receiver = frame_receiver(wire, command)
    receiver.open()
    for number in range(200):
        receiver.on_text(message(number))
    await settled()
    assert (wire.reading, len(command.texts)) == (False, 128)
    command.confirms.set()
    await settled()
    assert wire.reading
    assert command.texts == [f"{number}" for number in range(200)]
    assert len(wire.written) == 200


async def test_a_closed_receiver_handles_nothing_more_of_its_backlog() -> None:
    """Else frames of a session that has ended would follow those that the client sends after reconnecting."""
    wire, command = PausableConnection(), SlowCommand()
    receiver = frame_receiver(wire, command)
    receiver.open()
    for number in range(400):
        receiver.on_text(message(number))
    await settled()
    receiver.close()
    command.confirms.set()
    receiver.on_text(message(400))
    await settled()
    assert command.texts == [f"{number}" for number in range(128)]


async def test_after_a_revocation_nothing_that_waits_is_handled() -> None:
    command = SlowCommand()
    connection = ClientConnection("ana", SendBuffer(PausableConnection(), 1_000, 100_000), OffsetTracker())
    credentials = SocketCredentials(DevAuthenticator(), connection, Principal("ana"))
    handler = FrameHandler(connection, {SendMessage: command}, credentials)
    frames = [
        SendMessage(type="message", conversation_id=UNKNOWN_CONVERSATION, text=str(n), client_id=str(n))
        for n in range(3)
    ]
    handler.submit(frames[0])
    await asyncio.sleep(0)
    for frame in frames[1:]:
        handler.submit(frame)
    connection.close_revoked()
    command.confirms.set()
    await handler.drained()
    assert command.texts == ["0"]
