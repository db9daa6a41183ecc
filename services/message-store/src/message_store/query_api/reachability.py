"""Whether connections to PostgreSQL can be made: distinguishes a database that is away from a slow one."""

import asyncio
import time

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

_PROBE_TIMEOUT = 0.5  # seconds; below the gateway's membership time-out of 0.9
_CONNECT_TIMEOUT = 2  # seconds, the least that libpq allows


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
        state = PGconn.ping(self._conninfo)
        if state == Ping.NO_RESPONSE:
            return time.monotonic() - began < _PROBE_TIMEOUT
        return state == Ping.REJECT
