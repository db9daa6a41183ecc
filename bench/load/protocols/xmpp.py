"""XMPP over plain TCP, its cheapest form: no TLS, SASL PLAIN once, no acknowledgements (RFC 6120, 6121).

A message reaches the other user only; ejabberd sends its sender nothing. A sender's messages carry growing
numbers in their names, so their order shows without a sequence number of the server's.
"""

import asyncio
import base64
import time
from xml.parsers import expat

from bench.load.protocols import TEXT, Receiver

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


class XmppConnection(asyncio.Protocol):
    """One user's stream. expat parses what arrives, a piece at a time."""

    def __init__(self, user: str) -> None:
        self.receiver: Receiver | None = None
        self._user = user
        self._present = asyncio.Event()
        self._now = 0.0
        self._steps = [  # each runs when the element arrives that it waits for
            ("success", self._open),
            ("bind", lambda: self._write(_BIND)),
            ("jid", lambda: self._write("<presence/>")),
            ("presence", self._present.set),
        ]

    async def connect(self, address: str) -> None:
        host, _, port = address.partition(":")
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, host, int(port))
        self._open()
        secret = base64.b64encode(f"\0{self._user}\0{PASSWORD}".encode()).decode()
        self._write(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        await self._present.wait()

    def send(self, conversation: str, peer: str, name: str) -> None:
        self._write(f"<message to='{peer}{_END}{name}{_BODY}")

    def data_received(self, data: bytes) -> None:
        self._now = time.monotonic()
        self._parser.Parse(data, False)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.receiver:
            self.receiver.closed()

    def _open(self) -> None:
        """Each stream is an XML document of its own; after SASL comes a new one."""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._on_element
        self._write(_OPEN)

    def _on_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "message" and self.receiver:
            self._on_message(self.receiver, attributes)
        elif self._steps and self._steps[0][0] == name:
            _, step = self._steps.pop(0)
            step()

    def _on_message(self, receiver: Receiver, attributes: dict[str, str]) -> None:
        name = attributes.get("id", "")
        if attributes.get("type") == "error":
            receiver.refused(name)
        else:
            number = int(name.rpartition(".")[2]) + 1
            receiver.delivered(self._user, attributes["from"], name, number, self._now)

    def _write(self, text: str) -> None:
        self._transport.write(text.encode())
