"""The client's address behind proxies: what a client sends neither hides it nor blames another."""

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.proxies.trusted_proxies import ForwardedHeader, TrustedProxies, parse_node

PROXIES = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]
X_FORWARDED_FOR = TrustedProxies.parse(PROXIES)
FORWARDED = TrustedProxies.parse(PROXIES, ForwardedHeader.FORWARDED)
PROXY = "10.0.0.1"


def client_address(proxies: TrustedProxies, peer: str, *lines: str) -> str:
    name = b"forwarded" if proxies is FORWARDED else b"x-forwarded-for"
    return str(proxies.client_address(peer, [(name, line.encode("latin-1")) for line in lines]))


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, ["198.51.100.7"], "198.51.100.7"),
        (PROXY, ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        (PROXY, ["1.1.1.1", "198.51.100.7, 10.2.3.4"], "198.51.100.7"),
        (PROXY, ["198.51.100.7, 192.0.2.1,10.9.9.9 ,\t10.2.3.4"], "198.51.100.7"),
        (PROXY, ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        (PROXY, ["198.51.100.7:4711"], "198.51.100.7"),
        (PROXY, ["2001:db8::7"], "2001:db8::7"),
        (PROXY, ["[2001:db8::7]"], "2001:db8::7"),
        (PROXY, ["[2001:DB8::7]:4711"], "2001:db8::7"),
        (PROXY, ["::ffff:198.51.100.7"], "198.51.100.7"),
        (PROXY, [",198.51.100.7,,"], "198.51.100.7"),
        (PROXY, ["1.1.1.1, unknown"], PROXY),
        (PROXY, ["1.1.1.1, _hidden, 10.2.2.2"], "10.2.2.2"),
        (PROXY, ["1.1.1.1, 300.1.1.1"], PROXY),
        (PROXY, ["1.1.1.1, 01.1.1.1"], PROXY),
        (PROXY, ["1.1.1.1, 198.51.100.7:port"], PROXY),
        (PROXY, ["1.1.1.1, fe80::1%eth0"], PROXY),
        (PROXY, ["1.1.1.1, \xb2.1.1.1"], PROXY),
        (PROXY, ["1.1.1.1, 3325256713"], PROXY),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("fd00::5", ["198.51.100.7"], "198.51.100.7"),
        ("fe80::1%eth0", ["198.51.100.7"], "fe80::1"),
        ("", ["198.51.100.7"], "None"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_not_trusted(
    peer: str, lines: list[str], client: str
) -> None:
    assert client_address(X_FORWARDED_FOR, peer, *lines) == client


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["for=198.51.100.7"], "198.51.100.7"),
        (["For=198.51.100.7;proto=https;by=10.0.0.1"], "198.51.100.7"),
        (['proto=https; for="198.51.100.7:80"'], "198.51.100.7"),
        (['for="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        (['for="[2001:db8:cafe::17]:_port"'], "2001:db8:cafe::17"),
        (["for=1.1.1.1, for=198.51.100.7, for=10.1.1.1"], "198.51.100.7"),
        (["for=1.1.1.1", "for=198.51.100.7"], "198.51.100.7"),
        (['for="', "for=198.51.100.7"], "198.51.100.7"),
        (['for=", for=198.51.100.7'], "198.51.100.7"),
        (['for=1.1.1.1, host="a,for=198.51.100.7"'], PROXY),
        (["for=1.1.1.1, for=unknown"], PROXY),
        (["for=1.1.1.1, for=_hidden"], PROXY),
        (["for=1.1.1.1, for=2001:db8::7"], PROXY),
        (["for=1.1.1.1, for=198.51.100.7;for=1.2.3.4"], PROXY),
        (["for=1.1.1.1, proto=https"], PROXY),
        (["for=1.1.1.1, 198.51.100.7"], PROXY),
        (["for=1.1.1.1, xfor=198.51.100.7"], PROXY),
        ([f"for=1.1.1.1, for=198.51.100.7;{' ' * 16_000}x"], PROXY),
        ([f"for=1.1.1.1, for=198.51.100.7;by={'a' * 600}"], PROXY),
        (["for=198.51.100.7 ;"], "198.51.100.7"),
        (["for=1.1.1.1, for = 198.51.100.7 ; proto = http"], "198.51.100.7"),
    ],
)
def test_forwarded_is_parsed_as_rfc_7239_has_it(lines: list[str], client: str) -> None:
    assert client_address(FORWARDED, PROXY, *lines) == client


def test_only_the_header_that_the_proxies_write_is_read() -> None:
    """A proxy that appends to one passes the other on as the client sent it."""
    headers = [(b"forwarded", b"for=1.1.1.1"), (b"x-forwarded-for", b"198.51.100.7")]
    assert str(X_FORWARDED_FOR.client_address(PROXY, headers)) == "198.51.100.7"
    assert str(FORWARDED.client_address(PROXY, headers)) == "1.1.1.1"


def test_without_proxies_the_peer_is_the_client() -> None:
    nobody = TrustedProxies.parse(["none"])
    assert client_address(nobody, "127.0.0.1", "198.51.100.7") == "127.0.0.1"
    assert not nobody.contains(ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("10.0.0.1/8", "host bits"),
        ("proxy.example", "10.0.0.0/8"),
        ("none", "stands alone"),
        ("0.0.0.0/0", "every client"),
        ("::/0", "every client"),
        ("::ffff:10.0.0.0/104", "as IPv4"),
    ],
)
def test_networks_that_cannot_be_meant_are_refused(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        TrustedProxies.parse(["192.0.2.1", text])


_addresses = st.ip_addresses(v=4, network="198.51.100.0/24") | st.ip_addresses(v=6, network="2001:db8::/32")
_hops = st.lists(st.ip_addresses(v=4, network="10.0.0.0/8"), max_size=4)
_sent_by_client = st.lists(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0")), max_size=3)


@given(sent=_sent_by_client, client=_addresses, hops=_hops, joined=st.booleans())
@example(sent=['for="'], client=ip_address("198.51.100.7"), hops=[], joined=True)
def test_nothing_that_a_client_sends_changes_its_address(
    sent: list[str], client: object, hops: list[object], joined: bool
) -> None:
    """Each proxy appends its peer, in a line of its own or to the last one."""
    for proxies in (X_FORWARDED_FOR, FORWARDED):
        lines = list(sent)
        for peer in [client, *hops]:
            text = str(peer) if proxies is X_FORWARDED_FOR else f'for="{_bracketed(peer)}"'
            lines = [*lines[:-1], f"{lines[-1]}, {text}"] if joined and lines else [*lines, text]
        assert client_address(proxies, PROXY, *lines) == str(client)


@given(st.text(st.characters(max_codepoint=255)))
def test_whatever_a_header_contains_is_an_address_or_none(line: str) -> None:
    for proxies in (X_FORWARDED_FOR, FORWARDED):
        assert ip_address(client_address(proxies, PROXY, line))


@given(st.ip_addresses(), st.integers(0, 65_535))
def test_a_node_is_its_address_with_and_without_a_port(address: object, port: int) -> None:
    expected = getattr(address, "ipv4_mapped", None) or address
    assert parse_node(_bracketed(address)) == expected
    assert parse_node(f"{_bracketed(address)}:{port}") == expected
    assert parse_node(str(address)) == expected


def _bracketed(address: object) -> str:
    return f"[{address}]" if ":" in str(address) else str(address)
