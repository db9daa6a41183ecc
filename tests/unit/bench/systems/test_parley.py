"""What the bench reads of stack.json, from this checkout and from earlier ones."""

from bench.systems.parley import Stack

_EARLIER = {
    "folder": "/nowhere",
    "supervisor": {"name": "supervisor", "pid": 1},
    "gateways": ["http://127.0.0.1:1", "http://127.0.0.1:2"],
    "notifiers": ["http://127.0.0.1:3"],
    "projectors": ["http://127.0.0.1:4"],
    "store": "http://127.0.0.1:5",
}


def test_metrics_are_at_the_admin_port() -> None:
    stack = Stack.model_validate({**_EARLIER, "admin": {"gateway-2": "http://127.0.0.1:9"}})
    assert stack.admin_url("gateway-2") == "http://127.0.0.1:9"


def test_metrics_of_an_earlier_checkout_are_at_the_port_for_clients() -> None:
    stack = Stack.model_validate(_EARLIER)
    names = ("gateway", "gateway-2", "notifier", "projector", "store")
    assert [stack.admin_url(name)[-1] for name in names] == ["1", "2", "3", "4", "5"]
