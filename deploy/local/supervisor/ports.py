"""Ports: a given one is used exactly, any other is chosen free, and held until its process starts."""

import errno
import random
import socket
from collections.abc import Iterable, Mapping

from deploy.local.errors import Failure

CHOICE = range(20_000, 32_000)
"""Below Linux's ephemeral ports, so that no outgoing connection takes one between our choice and its use."""


class Ports:
    """Takes ports by name; what has been taken is held against everybody until it is released."""

    def __init__(self, environ: Mapping[str, str], previous: Mapping[str, int]) -> None:
        self._environ = environ
        self._previous = previous
        self._held: dict[int, socket.socket] = {}
        self.taken: dict[str, int] = {}
        self.notes: list[str] = []
        """Defaults that could not be had, for the user."""

    def take(self, name: str, variable: str | None = None, default: int | None = None) -> int:
        """The port of `name`: given by `variable`, else the default or the last run's if free, else any.

        A given 0 is any free one. Raises Failure when the given one is taken or no port.
        """
        given = self._environ.get(variable, "") if variable else ""
        if given not in ("", "0"):
            port = self._exactly(given, str(variable))
        else:
            preferred = (None if given else default, self._previous.get(name))
            port = self._free(p for p in (*preferred, *random.sample(CHOICE, 100)) if p)
            if not given and default not in (None, port):
                self.notes.append(
                    f"{default} is taken: the {name} answers at {port}; set {variable} to choose"
                )
        self.taken[name] = port
        return port

    def release(self, ports: Iterable[int]) -> None:
        """Lets go, for the process that is about to listen there."""
        for port in ports:
            held = self._held.pop(port, None)
            if held:
                held.close()

    def _exactly(self, given: str, variable: str) -> int:
        if not given.isdecimal() or not 0 < int(given) < 65_536:
            raise Failure(f"{variable} must be a port from 1 to 65535, not {given!r}")
        reason = self._hold(int(given))
        if reason:
            raise Failure(f"{variable}={given} cannot be used: {reason}")
        return int(given)

    def _free(self, candidates: Iterable[int]) -> int:
        for port in candidates:
            if not self._hold(port):
                return port
        raise Failure("no free port found on 127.0.0.1")

    def _hold(self, port: int) -> str | None:
        """None when it is ours now, else why not. Only a listening socket keeps others from binding."""
        if port in self._held:
            return "it was given twice"
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else old connections' TIME_WAIT blocks
        try:
            holder.bind(("127.0.0.1", port))
            holder.listen(1)
        except OSError as error:
            holder.close()
            taken = error.errno == errno.EADDRINUSE
            return "something else listens there" if taken else str(error.strerror).lower()
        self._held[port] = holder
        return None
