"""The end-to-end check that a stack serves clients."""

import asyncio

import pytest

from deploy.local.errors import UserError
from deploy.local.stack import end_to_end
from tests.unit.gateway.gateway_fixture import GatewayFixture, run_gateway


def _url(gateway: GatewayFixture) -> str:
    return f"http://127.0.0.1:{gateway.port}"


async def test_a_serving_gateway_passes_and_nothing_is_written() -> None:
    async with run_gateway() as gateway:
        await end_to_end.wait_until_serving([_url(gateway)])
        assert gateway.written_events() == []


async def test_the_error_names_what_a_client_cannot_do() -> None:
    async with run_gateway(registered_within=0.2) as gateway:
        gateway.store.away = True
        with pytest.raises(UserError, match=r"conversations answered 503.*unavailable"):
            await end_to_end.wait_until_serving([_url(gateway)], timeout=0)
        gateway.store.away = False
        await gateway.notifier.assign(0, 1, 2)
        async with asyncio.timeout(10):
            while gateway.components.links.is_ready:
                await asyncio.sleep(0.01)
        with pytest.raises(UserError, match="a socket was closed with 1012"):
            await end_to_end.wait_until_serving([_url(gateway)], timeout=0)
        await gateway.notifier.assign(0, 1, 2, 3)
        await end_to_end.wait_until_serving([_url(gateway)], timeout=10)


async def test_the_error_names_an_unreachable_gateway() -> None:
    with pytest.raises(UserError, match=r"127\.0\.0\.1:1 does not serve clients after 0 s"):
        await end_to_end.wait_until_serving(["http://127.0.0.1:1"], timeout=0)
