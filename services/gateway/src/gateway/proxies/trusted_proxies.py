"""The address of a client behind reverse proxies.

Each proxy appends the address of its peer to `X-Forwarded-For`, or to `Forwarded` (RFC 7239). Whatever stands
before the elements of the trusted proxies comes from the client, who may have invented it. So the list is
parsed from its end, and only as far as trusted proxies wrote it. Only the header that the proxies write is
read: they pass the other one on as the client sent it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NO_PROXIES = "none"
_MAX_ELEMENT_CHARS = 512
"""A longer element is malformed: no proxy writes one."""

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = rf'\s*{_NAME}\s*=\s*(?:{_NAME}|"[^"\\]*")\s*'
_element = re.compile(rf"{_PAIR}(?:;{_PAIR})*;?", re.ASCII)
_for = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^\s;]*))', re.IGNORECASE | re.ASCII)
_node = re.compile(
    r"(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[a-z0-9._-]+))?", re.IGNORECASE | re.ASCII
)
"""An IPv6 address in brackets or an IPv4 address, with an optional port (RFC 7239, section 6)."""


class ForwardedHeader(StrEnum):
    """The header in which the proxies write the client's address."""

    X_FORWARDED_FOR = "x-forwarded-for"
    FORWARDED = "forwarded"


class TrustedProxies:
    def __init__(self, networks: Iterable[Network], header: ForwardedHeader) -> None:
        self._networks = tuple(networks)
        self._header = header.encode()
        self._parse_element = parse_node if header is ForwardedHeader.X_FORWARDED_FOR else _parse_forwarded

    @classmethod
    def parse(cls, texts: Sequence[str], header: ForwardedHeader = ForwardedHeader.X_FORWARDED_FOR) -> Self:
        """Parse addresses and networks (CIDR), or `none` alone. Raises ValueError."""
        if list(texts) == [NO_PROXIES]:
            return cls((), header)
        return cls([_parse_network(text) for text in texts], header)

    def contains(self, address: Address) -> bool:
        """Whether it is the address of a trusted proxy."""
        return any(address in network for network in self._networks)

    def client_address(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> Address | None:
        """Return the right-most address that is not trusted; the left-most known one if all are. An element
        that names no address (malformed, `unknown`, obfuscated) ends the search: then the client is the proxy
        that wrote it. None if `peer` is not an IP address (a Unix socket)."""
        address = parse_address(peer)
        if address is None or not self.contains(address):
            return address
        for element in self._elements(headers):
            farther = self._parse_element(element) if len(element) <= _MAX_ELEMENT_CHARS else None
            if farther is None:
                break
            address = farther
            if not self.contains(address):
                break
        return address

    def _elements(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
        """Yield the elements of all lines of the header, the last one first, without empty ones."""
        lines = [value for name, value in headers if name == self._header]
        for line in reversed(lines):
            for element in reversed(line.decode("latin-1").split(",")):
                if stripped := element.strip(" \t"):
                    yield stripped


def parse_address(text: str) -> Address | None:
    """Parse an IP address without zone; an IPv4-mapped IPv6 address is the IPv4 address. None if it is
    none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def parse_node(text: str) -> Address | None:
    """Parse an IP address with an optional port; IPv6 with a port needs brackets. None if it is none."""
    match = _node.fullmatch(text)
    if match is not None:
        return parse_address(match[1] or match[2])
    return None if "%" in text else parse_address(text)


def _parse_forwarded(element: str) -> Address | None:
    """Return the address of `for` in an element of `Forwarded`. A quoted comma makes it malformed: a client
    could open a quotation that swallows the proxy's own element."""
    if _element.fullmatch(element) is None:
        return None
    values = [quoted or token for quoted, token in _for.findall(element)]
    match = _node.fullmatch(values[0]) if len(values) == 1 else None
    return None if match is None else parse_address(match[1] or match[2])


def _parse_network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        hint = f"{text!r} is not an address or network like 10.0.0.0/8 ({error}); `none` stands alone"
        raise ValueError(hint) from None
    if network.prefixlen == 0:
        raise ValueError(f"{text} would trust every client to choose its address: name the proxies")
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise ValueError(f"{text}: write IPv4 networks as IPv4")
    return network
