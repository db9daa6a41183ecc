"""Which web pages may call: one rule for CORS and for sockets.

A browser sends `Origin` with a socket's upgrade and then lets the page talk, whatever we answer in headers;
so sockets are refused here. No `Origin` header: no browser, allowed.
"""

import re
from collections.abc import Sequence

LOOPBACK = r"https?://(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?"
_loopback = re.compile(LOOPBACK)


class Origins:
    def __init__(self, allowed: Sequence[str], *, loopback: bool) -> None:
        self.allowed = allowed
        self.pattern = LOOPBACK if loopback else None
        """Origins that are allowed besides, as a regular expression."""

    def allow(self, origin: str | None, host: str | None) -> bool:
        """`host`: the Host header of the same request; a page of our own has it as its origin."""
        if origin is None or origin in self.allowed or "*" in self.allowed:
            return True
        if self.pattern is not None and _loopback.fullmatch(origin):
            return True
        return host is not None and origin.partition("://")[2] == host
