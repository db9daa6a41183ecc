"""Aborts connections whose client does not read a response: a graceful close would wait for it."""

import asyncio

from shared.http.connections import connections_closed

_CHECKS_PER_TIMEOUT = 3
"""How often progress is checked during the timeout."""


class UnreadResponse:
    """Watches a transport's write buffer from `watch` until it is empty; without progress for `timeout`
    seconds the transport is aborted."""

    def __init__(self, transport: asyncio.Transport, timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        if self._timer is None:
            self._check(0, 0.0)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _check(self, before: int, since: float) -> None:
        """`before`: unread bytes at the last check, unchanged since `since`."""
        loop = asyncio.get_running_loop()
        size, now = self._transport.get_write_buffer_size(), loop.time()
        self._timer = None
        if size == 0:
            return
        since = since if size == before else now
        if now - since >= self._timeout:
            connections_closed.labels("unread").inc()
            self._transport.abort()
        else:
            self._timer = loop.call_later(self._timeout / _CHECKS_PER_TIMEOUT, self._check, size, since)
