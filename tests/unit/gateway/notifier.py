"""A notifier over a real WebSocket that says what a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Notifier:
    """Owns `partitions` of `total`; acknowledges at once unless told to hold back."""

    def __init__(self, total: int, partitions: Sequence[int] | None = None) -> None:
        self.acknowledges = True
        self.users: set[str] = set()
        self.hellos: list[dict[str, Any]] = []
        self.at: dict[int, int] = dict.fromkeys(range(total) if partitions is None else partitions, 0)
        self.covers: dict[int, int] = {}
        self.port = 0
        self._total = total
        self._links: set[ServerConnection] = set()
        self._last = 0
        self._heard = asyncio.Event()

    async def own(self, *partitions: int) -> None:
        self.at = {partition: self.at.get(partition, 0) for partition in partitions}
        await self.say(self._owns())

    async def entry(
        self,
        users: Sequence[str],
        frame: dict[str, Any],
        *,
        partition: int = 0,
        covers: int = 0,
        kind: str = "chat.message.sent.v1",
        conversation: str = "",
    ) -> None:
        """The next entry of its partition. `covers` grows by one when it is not given."""
        after, self.at[partition] = self.at[partition], self.at[partition] + 1
        self.covers[partition] = covers or self.covers.get(partition, 0) + 1
        stretch = {
            "partition": partition,
            "after": after,
            "upTo": after + 1,
            "covers": self.covers[partition],
        }
        about = {"type": "entry", "kind": kind, "conversation": conversation, "users": list(users)}
        await self.say((orjson.dumps(about | stretch) + b"\n" + orjson.dumps(frame)).decode())

    async def progress(self, partition: int, after: int, up_to: int, covers: int = 0) -> None:
        self.at[partition] = up_to
        told = {str(partition): {"after": after, "upTo": up_to, "covers": covers}}
        await self.say(orjson.dumps({"type": "progress", "partitions": told}).decode())

    async def acknowledge(self) -> None:
        """All that was said so far, and at once from now on."""
        self.acknowledges = True
        await self.say(_acknowledged(self._last))

    async def heard_of(self, user: str, *, present: bool = True) -> None:
        async with asyncio.timeout(5):
            while (user in self.users) is not present:
                self._heard.clear()
                await self._heard.wait()

    async def dialled_again(self) -> None:
        async with asyncio.timeout(5):
            while len(self.hellos) < 2 or not self.users:
                self._heard.clear()
                await self._heard.wait()

    async def hang_up(self) -> None:
        for link in list(self._links):
            await link.close()

    async def serve(self, link: ServerConnection) -> None:
        self.hellos.append(orjson.loads(await link.recv()))
        self._links.add(link)
        try:
            await link.send(self._owns())
            async for text in link:
                await self._listen(link, orjson.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._links.discard(link)
            self.users.clear()
            self._heard.set()

    async def _listen(self, link: ServerConnection, said: dict[str, Any]) -> None:
        assert said["batch"] > self._last or said["batch"] == 1
        self._last = said["batch"]
        if said["type"] == "announce":
            self.users |= set(said["users"])
        else:
            self.users -= set(said["users"])
        self._heard.set()
        if self.acknowledges:
            await link.send(_acknowledged(self._last))

    def _owns(self) -> str:
        owned = {str(p): {"at": at, "covers": self.covers.get(p, 0)} for p, at in self.at.items()}
        return orjson.dumps({"type": "owns", "count": self._total, "partitions": owned}).decode()

    async def say(self, text: str) -> None:
        for link in list(self._links):
            await link.send(text)


def _acknowledged(batch: int) -> str:
    return orjson.dumps({"type": "acknowledged", "batch": batch}).decode()


@asynccontextmanager
async def notifying(notifier: Notifier, port: int = 0) -> AsyncIterator[Notifier]:
    server: Server = await serve(notifier.serve, "127.0.0.1", port)
    notifier.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield notifier
    finally:
        server.close()
        await server.wait_closed()
