"""Chooses free ports, or uses configured ones exactly, and reserves them until their processes start."""

import os
import random
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress

from deploy.local.errors import UserError

PORT_RANGE = range(20_000, 32_000)
"""Below Linux's ephemeral ports, so that no outgoing connection takes one between choice and use."""


class Ports:
    """Takes ports by name; a taken port is reserved until it is released."""

    def __init__(self, environ: Mapping[str, str], previous: Mapping[str, int]) -> None:
        self._environ = environ
        self._previous = previous
        self._reserved: dict[int, socket.socket] = {}
        self.taken: dict[str, int] = {}
        self.notes: list[str] = []
        """Lines for the user about defaults that were not free."""

    def take(self, name: str, variable: str | None = None, default: int | None = None) -> int:
        """Reserve the port of `name`: that of `variable`, else the default, the last run's or any free one.

        A configured 0 is any free one. Raises UserError if a configured port is invalid or not free.
        """
        configured = self._environ.get(variable, "") if variable else ""
        if configured not in ("", "0"):
            port = self._take_configured(configured, str(variable))
        else:
            preferred = (None if configured else default, self._previous.get(name))
            port = self._take_free(p for p in (*preferred, *random.sample(PORT_RANGE, 100)) if p)
            if not configured and default not in (None, port):
                self.notes.append(
                    f"{default} is in use: the {name} is at {port}; set {variable} to choose one"
                )
        self.taken[name] = port
        return port

    def release(self, ports: Iterable[int]) -> None:
        """End the reservation, for the process that is about to bind them."""
        for port in self._reserved.keys() & ports:
            self._reserved.pop(port).close()

    def _take_configured(self, text: str, variable: str) -> int:
        if not text.isdecimal() or not 0 < int(text) < 65_536:
            raise UserError(f"{variable} must be a port from 1 to 65535, not {text!r}")
        try:
            return self._reserve(int(text))
        except OSError as error:
            raise UserError(f"{variable}={text}: {os.strerror(error.errno or 0).lower()}") from None

    def _take_free(self, candidates: Iterable[int]) -> int:
        for port in candidates:
            with suppress(OSError):
                return self._reserve(port)
        raise UserError("no free port found on 127.0.0.1")

    def _reserve(self, port: int) -> int:
        """Listen on the port, since nothing less keeps others from binding it; raise OSError."""
        self._reserved[port] = socket.create_server(("127.0.0.1", port), backlog=1)
        return port
