"""Ports are opened before anything else, or refused with a reason."""

import re
import socket

import pytest

from shared.service.listeners import Address, PortUnusable, address_of, listening


def test_a_free_port_is_chosen_and_listens_at_once() -> None:
    with listening("127.0.0.1", 0, "PORT") as listeners:
        port = int(address_of(listeners).removeprefix("127.0.0.1:"))
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "it is closed with the block"


def test_a_name_with_several_addresses_has_one_port_on_each(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 0)) for n in (2, 3, 2)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with listening("any.name", 0, "PORT") as listeners:
        (host, port), other = [listener.getsockname() for listener in listeners]
        assert (host, other) == ("127.0.0.2", ("127.0.0.3", port))


def test_an_empty_host_is_every_address_of_this_machine() -> None:
    with listening("", 0, "PORT") as listeners:
        assert {listener.getsockname()[0] for listener in listeners} <= {"0.0.0.0", "::"}


def test_a_port_in_use_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortUnusable) as refused, listening("127.0.0.1", port, "ADMIN_PORT"):
            pass
    assert str(refused.value) == f"ADMIN_PORT: cannot listen on 127.0.0.1:{port}: address already in use"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "\x00", "a" * 300])
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    with pytest.raises(PortUnusable) as refused, listening(host, 0, "ADMIN_PORT"):
        pass
    reasons = "(cannot assign requested address|this is not a host name or address that can be resolved)"
    assert re.fullmatch(rf"ADMIN_PORT: cannot listen on {re.escape(host)}:0: {reasons}", str(refused.value))


def test_an_ipv6_address_is_printed_in_brackets() -> None:
    assert str(Address("::1", 8000)) == "[::1]:8000"
