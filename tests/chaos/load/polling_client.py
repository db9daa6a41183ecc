"""A client without a WebSocket that catches up over REST now and then, in small pages.

Each page may be served by another gateway, and faults happen between two. Its pages are recorded as one
connection, with the cursor after each page, and so checked like one: nothing missed, duplicated or foreign.
"""

import asyncio

from tests.chaos.checker.history import Connection
from tests.chaos.load import rest_client
from tests.chaos.load.context import LoadContext

PAGE_SIZE = 2


class PollingClient:
    def __init__(self, user: str, context: LoadContext) -> None:
        self._context = context
        start = context.history.start_cursors[user]
        hello = {"type": "hello", "cursor": start}
        self._connection = Connection(user, f"{user}-rest", "any", start, [hello])
        context.history.connections.append(self._connection)

    async def run(self) -> None:
        """Poll until cancelled, or until its cursor is rejected."""
        has_more = False
        while self._connection.end == "":
            if not has_more:
                await asyncio.sleep(self._context.rng.uniform(0.3, 1.5))
            has_more = await self._fetch_page()

    async def _fetch_page(self) -> bool:
        user, cursor = self._connection.user, self._connection.last_cursor or ""
        gateway = self._context.any_gateway()
        page = await rest_client.sync(self._context.http, gateway, user, cursor, PAGE_SIZE)
        if page is None:
            return False  # no response: the next poll uses the same cursor
        if "code" in page:
            self._connection.frames.append({"type": "reset", "reason": page["code"]})
            self._connection.end = "rejected"
            return False
        frame = {"type": "cursor", "cursor": page["cursor"], "more": page["hasMore"]}
        self._connection.frames += [*page["entries"], frame]
        return bool(page["hasMore"])
