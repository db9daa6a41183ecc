"""The stream as ejabberd 23.01 sends it, to the letter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.load.protocols.xmpp import XmppConnection

OPENED = (
    "<?xml version='1.0'?><stream:stream id='1' version='1.0' xml:lang='en' from='bench'"
    " xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'><stream:features>"
)
MECHANISMS = f"{OPENED}<mechanisms><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
BIND = f"{OPENED}<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
BOUND = "<iq type='result' id='bind'><bind><jid>ann@bench/1</jid></bind></iq>"
MESSAGE = (
    "<message xml:lang='en' to='ann@bench' from='ben@bench/2' type='chat' id='r1.0.7'><archived"
    " by='ann@bench' id='9' xmlns='urn:xmpp:mam:tmp'/><body>a &lt; b</body></message>"
)
ERROR = "<message to='ann@bench' from='ben@bench' type='error' id='r1.0.8'><error/></message>"


class RecordingReceiver:
    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def delivered(self, user: str, order: str, name: str, seq: int, now: float) -> None:
        self.calls.append(("delivered", user, order, name, seq))

    def accepted(self, name: str, now: float) -> None:
        self.calls.append(("accepted", name))

    def refused(self, name: str) -> None:
        self.calls.append(("refused", name))

    def closed(self) -> None:
        self.calls.append(("closed",))


@asynccontextmanager
async def server(answers: list[str]) -> AsyncIterator[str]:
    """Send an answer after each element that a client must send before the next, then close."""
    elements = [b"</auth>", b"<stream:stream", b"</iq>", b"<presence/>"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for element, answer in zip(elements, answers, strict=True):
            await reader.readuntil(element)
            for half in (answer[:30], answer[30:]):  # a parser must accept any cut
                writer.write(half.encode())
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    async with listening:
        yield f"{host}:{port}"


async def test_a_stream_is_live_after_presence_and_reports_messages_and_errors() -> None:
    receiver, stream = RecordingReceiver(), XmppConnection("ann")
    stream.receiver = receiver
    presence = "<presence from='ann@bench/1' to='ann@bench/1'/>" + MESSAGE + ERROR
    async with server([MECHANISMS + "<success/>", BIND, BOUND, presence]) as address:
        await asyncio.wait_for(stream.connect(address), 10)
        while ("closed",) not in receiver.calls:
            await asyncio.sleep(0.01)
    assert receiver.calls == [
        ("delivered", "ann", "ben@bench/2", "r1.0.7", 8),
        ("refused", "r1.0.8"),
        ("closed",),
    ]
