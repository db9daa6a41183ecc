"""Whether connections to PostgreSQL can be made: what tells a database that is away from one that is slow."""

import asyncio
import time

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

_PROBE_TIMEOUT = 0.5  # seconds; gateways wait 0.9 for an answer about members
_CONNECT_TIMEOUT = 2  # seconds; libpq takes no less


class Reachability:
    def __init__(self, database_url: str) -> None:
        self._conninfo = make_conninfo(database_url, connect_timeout=_CONNECT_TIMEOUT).encode()
        self._probe: asyncio.Task[bool] | None = None

    async def is_away(self) -> bool:
        """Probe the server, one probe at a time for all callers. True when it refuses connections, or cannot
        take any (it starts, stops or recovers); False when it has too many, or does not answer in time."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(asyncio.to_thread(self._refused))
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT):
                return await asyncio.shield(self._probe)
        except TimeoutError:
            return False

    def _refused(self) -> bool:
        """Block until the server answers, for `_CONNECT_TIMEOUT` seconds at most."""
        began = time.monotonic()
        found = PGconn.ping(self._conninfo)
        if found == Ping.NO_RESPONSE:
            return time.monotonic() - began < _PROBE_TIMEOUT
        return found == Ping.REJECT
