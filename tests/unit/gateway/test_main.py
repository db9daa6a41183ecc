"""A gateway's critical tasks: without one of them it is not alive, and it ends."""

import asyncio

import httpx
import pytest

from gateway.main import run_gateway
from gateway.notifiers.link_pool import LinkPool
from gateway.settings import Settings
from shared.service.runner import serve
from tests.fixtures.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import GatewayFixture
from tests.unit.gateway.test_process import NOWHERE


async def _fails() -> None:
    raise LookupError("a fault of ours")


async def test_without_a_critical_task_it_is_not_alive(own_gateway: GatewayFixture) -> None:
    assert (await own_gateway.http.get("/healthz")).status_code == 200
    async with own_gateway.components.critical_tasks.running(links=_fails()):
        await own_gateway.components.critical_tasks.wait_for_failure()
        answer: httpx.Response = await own_gateway.http.get("/healthz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["links failed"])


async def test_it_ends_with_status_1_when_a_critical_task_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkPool, "run", lambda *_: _fails())
    given = {"store_url": f"http://{NOWHERE}", "notifiers": NOWHERE, "kafka_bootstrap": NOWHERE, "port": 0}
    settings = Settings.model_validate({**given, "auth": "dev", "service_token": SERVICE_TOKEN})
    with pytest.raises(SystemExit) as ended:
        async with asyncio.timeout(20):
            await serve(settings, run_gateway)
    assert ended.value.code == 1
