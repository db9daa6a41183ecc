"""Opens the ports of a process. They are open before anything else is started: a process that cannot have its
ports joins no consumer group and opens no connection."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

_BACKLOG = 4096


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class PortUnusable(Exception):
    """A port that cannot be opened."""

    def __init__(self, setting: str, address: Address, reason: str) -> None:
        super().__init__(f"{setting}: cannot listen on {address}: {reason}")
        self.setting = setting
        self.address = address
        self.reason = reason


@contextmanager
def listening(host: str, port: int, setting: str) -> Iterator[list[socket.socket]]:
    """Listen on each address of `host`, an empty one being all of this machine, until the block is left.
    Port 0 is any free one, the same on each address. Raises PortUnusable, which names the `setting`."""
    with ExitStack() as opened:
        sockets: list[socket.socket] = []
        try:
            for family, address in _resolve(host):
                chosen = sockets[0].getsockname()[1] if sockets else port
                listener = socket.create_server((address, chosen), family=family, backlog=_BACKLOG)
                sockets.append(opened.enter_context(listener))
        except (OSError, ValueError) as error:
            raise PortUnusable(setting, Address(host, port), _reason(error)) from None
        yield sockets


def _resolve(host: str) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def address_of(sockets: list[socket.socket]) -> str:
    """Return where the first of these listens, as host:port."""
    return str(Address(*sockets[0].getsockname()[:2]))


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno or 0).lower()
    return "this is not a host name or address that can be resolved"
