"""The ports of the local stack's services."""

from pathlib import Path

import pytest

from deploy.local.errors import UserError
from deploy.local.stack.services import Counts, Services
from deploy.local.stack.state import Stack
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.ports import Ports

NAMES = ["store", "projector", "notifier", "notifier-2", "gateway", "gateway-2"]


def _release(ports: Ports) -> None:
    ports.release([*ports.taken.values()])


def test_each_process_has_an_admin_port_of_its_own_which_is_released_with_the_other() -> None:
    ports = Ports({"PORT": "0"}, {})
    services = Services.choose(Counts(gateways=2, notifiers=2), ports)
    processes = [process for stage in services.stages("kafka:1", "postgresql://db/x") for process in stage]
    assert [process.name for process in processes] == NAMES
    for process in processes:
        port, admin_port = process.env["PORT"], process.env["ADMIN_PORT"]
        assert process.ports == (int(port), int(admin_port))
        assert int(admin_port) == services.admin[process.name]
    taken = [port for process in processes for port in process.ports]
    assert len(set(taken)) == 2 * len(NAMES)
    _release(ports)


def test_admin_port_is_the_first_gateways_and_the_others_have_variables_of_their_own() -> None:
    free = Ports({}, {})
    first, second = free.take("a"), free.take("b")
    _release(free)
    ports = Ports({"PORT": "0", "ADMIN_PORT": str(first), "STORE_ADMIN_PORT": str(second)}, {})
    services = Services.choose(Counts(gateways=2), ports)
    assert (services.admin["gateway"], services.admin["store"]) == (first, second)
    assert services.admin["gateway-2"] not in (first, second)
    _release(ports)


def test_an_admin_port_that_is_the_port_is_refused_in_one_line() -> None:
    free = Ports({}, {})
    port = str(free.take("any"))
    _release(free)
    ports = Ports({"PORT": port, "ADMIN_PORT": port}, {})
    with pytest.raises(UserError, match=rf"^ADMIN_PORT={port}: address already in use$"):
        Services.choose(Counts(), ports)
    _release(ports)


def test_the_stack_records_and_names_the_admin_ports(tmp_path: Path) -> None:
    ports = Ports({"PORT": "0"}, {})
    services = Services.choose(Counts(), ports)
    stack = Stack(folder=tmp_path, supervisor=ProcessHandle.of_pid("supervisor", 1))
    stack.set_addresses(services)
    assert stack.admin == {name: f"http://127.0.0.1:{port}" for name, port in services.admin.items()}
    assert any(f"{stack.admin['gateway']}/metrics" in line for line in stack.addresses())
    stack.web = True
    assert stack.headline.endswith("/?user=bob")
    stack.auth = "jwt"  # who one is, the token states
    assert "user=" not in stack.headline
    _release(ports)
