"""A notifier over a real WebSocket that says what a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Notifier:
    """Owns `partitions` of `total`; acknowledges at once unless told to hold back; when asked, tells again,
    unless it `keeps` nothing."""

    def __init__(self, total: int, partitions: Sequence[int] | None = None) -> None:
        self.acknowledges = self.keeps = True
        self.asked: list[dict[int, int]] = []
        self.users: set[str] = set()
        self.hellos: list[dict[str, Any]] = []
        self.at: dict[int, int] = dict.fromkeys(range(total) if partitions is None else partitions, 0)
        self.covers: dict[int, int] = {}
        self.port = 0
        self._total = total
        self._frozen = False
        self._links: set[ServerConnection] = set()
        self._last = 0
        self._heard = asyncio.Event()
        self._ring: list[tuple[dict[str, Any], str]] = []

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
        self._ring.append((about | stretch, orjson.dumps(frame).decode()))
        await self.say(_entry(*self._ring[-1]))

    async def lose(self, users: Sequence[str], frame: dict[str, Any], **about: Any) -> None:
        """An entry that is told to nobody."""
        links, self._links = self._links, set()
        await self.entry(users, frame, **about)
        self._links = links

    async def progress(self, partition: int, after: int, up_to: int, covers: int = 0) -> None:
        self.at[partition] = up_to
        await self.say(_progress({partition: (after, up_to, covers)}))

    async def was_asked(self) -> dict[int, int]:
        """The last request to tell again, once there is one."""
        async with asyncio.timeout(5):
            while not self.asked:
                self._heard.clear()
                await self._heard.wait()
        return self.asked[-1]

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

    def freeze(self) -> None:
        """From now on it neither hears nor says anything; its connections stay."""
        self._frozen = True
        for link in self._links:
            link.transport.pause_reading()
        self._links = set()

    async def hang_up(self) -> None:
        for link in list(self._links):
            await link.close()

    async def serve(self, link: ServerConnection) -> None:
        if self._frozen:
            return await link.wait_closed()
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
        if said["type"] == "replay":
            await self._replay(link, {int(p): offset for p, offset in said["partitions"].items()})
            return
        assert said["batch"] > self._last or said["batch"] == 1
        self._last = said["batch"]
        if said["type"] == "announce":
            self.users |= set(said["users"])
        else:
            self.users -= set(said["users"])
        self._heard.set()
        if self.acknowledges:
            await link.send(_acknowledged(self._last))

    async def _replay(self, link: ServerConnection, asked: dict[int, int]) -> None:
        self.asked.append(asked)
        self._heard.set()
        late = {p: at for p, at in asked.items() if at < self.at.get(p, 0)}
        if late and not self.keeps:
            await link.send(orjson.dumps({"type": "gap", "partitions": self._places(late)}).decode())
            late = {}
        for partition, offset in late.items():
            told = offset
            for about, frame in self._ring:
                if about["partition"] == partition and about["upTo"] > told:
                    users = [user for user in about["users"] if user in self.users]
                    await link.send(_entry({**about, "after": told, "users": users}, frame))
                    told = about["upTo"]
        await link.send(_progress({p: (at, at, 0) for p, at in self.at.items()}))

    def _places(self, partitions: Iterable[int]) -> dict[str, dict[str, int]]:
        return {str(p): {"at": self.at[p], "covers": self.covers.get(p, 0)} for p in partitions}

    def _owns(self) -> str:
        places = self._places(self.at)
        return orjson.dumps({"type": "owns", "count": self._total, "partitions": places}).decode()

    async def say(self, text: str) -> None:
        for link in list(self._links):
            await link.send(text)


def _progress(stretches: dict[int, tuple[int, int, int]]) -> str:
    told = {str(p): {"after": a, "upTo": u, "covers": c} for p, (a, u, c) in stretches.items()}
    return orjson.dumps({"type": "progress", "partitions": told}).decode()


def _entry(about: dict[str, Any], frame: str) -> str:
    return f"{orjson.dumps(about).decode()}\n{frame}"


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
