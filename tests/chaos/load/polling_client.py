"""Somebody without a socket, who comes by for what was missed: small pages, so that it takes several.

Each page may be of another gateway, and anything may happen between two. It is written down as a socket is,
with the cursor after each page, and so judged as one: nothing left out, nothing twice, nothing of others.
"""

import asyncio
import random
from collections.abc import Sequence

import aiohttp

from tests.chaos.checker.history import Connection, History
from tests.chaos.load import rest_client as calls

PAGE = 2


class PollingClient:
    def __init__(
        self,
        user: str,
        gateways: Sequence[str],
        history: History,
        rng: random.Random,
        http: aiohttp.ClientSession,
    ) -> None:
        self._gateways, self._dice, self._http = gateways, rng, http
        first = history.first[user]
        hello = {"type": "hello", "cursor": first}
        self._life = Connection(user, f"{user}-rest", "any", first, [hello])
        history.connections.append(self._life)

    async def run(self) -> None:
        """Until cancelled, or told that its cursor is of no use."""
        more = False
        while self._life.end == "":
            if not more:
                await asyncio.sleep(self._dice.uniform(0.3, 1.5))
            more = await self._page()

    async def _page(self) -> bool:
        """Whether there is more."""
        via, at = self._dice.choice(self._gateways), self._life.last_cursor or ""
        page = await calls.sync(self._http, via, self._life.user, at, PAGE)
        if page is None:
            return False  # unanswered: the next visit asks the same
        if "code" in page:
            self._life.frames.append({"type": "reset", "reason": page["code"]})
            self._life.end = "refused"
            return False
        said = {"type": "cursor", "cursor": page["cursor"], "more": page["hasMore"]}
        self._life.frames += [*page["entries"], said]
        return bool(page["hasMore"])
