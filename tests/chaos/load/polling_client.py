"""A client without a WebSocket that catches up over REST now and then, in small pages.

Each page may be served by another gateway, and faults happen between two. Its pages are recorded as one
connection, with the cursor after each page, and so checked like one: nothing missed, duplicated or foreign.
"""

import asyncio
import random
from collections.abc import Sequence

import aiohttp

from tests.chaos.checker.history import Connection, History
from tests.chaos.load import rest_client

PAGE_SIZE = 2


class PollingClient:
    def __init__(
        self,
        user: str,
        gateways: Sequence[str],
        history: History,
        rng: random.Random,
        http: aiohttp.ClientSession,
    ) -> None:
        self._gateways, self._rng, self._http = gateways, rng, http
        start = history.start_cursors[user]
        hello = {"type": "hello", "cursor": start}
        self._connection = Connection(user, f"{user}-rest", "any", start, [hello])
        history.connections.append(self._connection)

    async def run(self) -> None:
        """Poll until cancelled, or until its cursor is rejected."""
        has_more = False
        while self._connection.end == "":
            if not has_more:
                await asyncio.sleep(self._rng.uniform(0.3, 1.5))
            has_more = await self._fetch_page()

    async def _fetch_page(self) -> bool:
        gateway, cursor = self._rng.choice(self._gateways), self._connection.last_cursor or ""
        page = await rest_client.sync(self._http, gateway, self._connection.user, cursor, PAGE_SIZE)
        if page is None:
            return False  # no response: the next poll uses the same cursor
        if "code" in page:
            self._connection.frames.append({"type": "reset", "reason": page["code"]})
            self._connection.end = "rejected"
            return False
        frame = {"type": "cursor", "cursor": page["cursor"], "more": page["hasMore"]}
        self._connection.frames += [*page["entries"], frame]
        return bool(page["hasMore"])
