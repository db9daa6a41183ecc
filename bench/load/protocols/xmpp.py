"""XMPP over plain TCP, its cheapest form: no TLS, SASL PLAIN once, no acknowledgements (RFC 6120, 6121).

A message comes to the other user only; ejabberd tells its sender nothing. A sender's messages carry growing
numbers in their names, so their order is seen without a sequence number of the server's.
"""

import asyncio
import base64
import time
from xml.parsers import expat

from bench.load.protocols import TEXT, Ear

HOST = "bench"
"""The domain that the server has."""
PASSWORD = "bench"
"""Of every user."""
_OPEN = (
    f"<?xml version='1.0'?><stream:stream to='{HOST}' version='1.0' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)
_BIND = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
_END = f"@{HOST}' type='chat' id='"
_BODY = f"'><body>{TEXT}</body></message>"


class Stream(asyncio.Protocol):
    """One user's. expat reads what comes, a piece at a time."""

    def __init__(self, user: str) -> None:
        self.ear: Ear | None = None
        self._user = user
        self._present = asyncio.Event()
        self._now = 0.0
        self._steps = [  # each when the element comes that it waits for
            ("success", self._open),
            ("bind", lambda: self._say(_BIND)),
            ("jid", lambda: self._say("<presence/>")),
            ("presence", self._present.set),
        ]

    async def connect(self, address: str) -> None:
        host, _, port = address.partition(":")
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, host, int(port))
        self._open()
        secret = base64.b64encode(f"\0{self._user}\0{PASSWORD}".encode()).decode()
        self._say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        await self._present.wait()

    def send(self, conversation: str, peer: str, name: str) -> None:
        self._say(f"<message to='{peer}{_END}{name}{_BODY}")

    def data_received(self, data: bytes) -> None:
        self._now = time.monotonic()
        self._parser.Parse(data, False)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.ear:
            self.ear.closed()

    def _open(self) -> None:
        """Each stream is an XML document of its own; after SASL comes a new one."""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begun
        self._say(_OPEN)

    def _begun(self, name: str, attributes: dict[str, str]) -> None:
        if name == "message" and self.ear:
            self._message(self.ear, attributes)
        elif self._steps and self._steps[0][0] == name:
            _, step = self._steps.pop(0)
            step()

    def _message(self, ear: Ear, attributes: dict[str, str]) -> None:
        named = attributes.get("id", "")
        if attributes.get("type") == "error":
            ear.refused(named)
        else:
            number = int(named.rpartition(".")[2]) + 1
            ear.delivered(self._user, attributes["from"], named, number, self._now)

    def _say(self, text: str) -> None:
        self._transport.write(text.encode())
