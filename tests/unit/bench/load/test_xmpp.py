"""The stream as ejabberd 23.01 speaks it, to the letter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.load.protocols.xmpp import Stream

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


class Heard:
    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def delivered(self, user: str, line: str, name: str, seq: int, now: float) -> None:
        self.told.append(("delivered", user, line, name, seq))

    def accepted(self, name: str, now: float) -> None:
        self.told.append(("accepted", name))

    def refused(self, name: str) -> None:
        self.told.append(("refused", name))

    def closed(self) -> None:
        self.told.append(("closed",))


@asynccontextmanager
async def server(said: list[str]) -> AsyncIterator[str]:
    """Answers each thing that a client must say before the next; then says the rest, and goes."""
    awaited = [b"</auth>", b"<stream:stream", b"</iq>", b"<presence/>"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for until, answer in zip(awaited, said, strict=True):
            await reader.readuntil(until)
            for half in (answer[:30], answer[30:]):  # a parser must bear any cut
                writer.write(half.encode())
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    async with listening:
        yield f"{host}:{port}"


async def test_a_stream_is_live_after_presence_and_tells_of_messages_and_errors() -> None:
    heard, stream = Heard(), Stream("ann")
    stream.ear = heard
    presence = "<presence from='ann@bench/1' to='ann@bench/1'/>" + MESSAGE + ERROR
    async with server([MECHANISMS + "<success/>", BIND, BOUND, presence]) as address:
        await asyncio.wait_for(stream.connect(address), 10)
        while ("closed",) not in heard.told:
            await asyncio.sleep(0.01)
    assert heard.told == [
        ("delivered", "ann", "ben@bench/2", "r1.0.7", 8),
        ("refused", "r1.0.8"),
        ("closed",),
    ]
