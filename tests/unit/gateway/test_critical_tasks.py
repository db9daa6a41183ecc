"""What a gateway is useless without."""

import asyncio

import httpx
import pytest

from gateway import main
from gateway.critical_tasks import CriticalTasks
from gateway.notifiers.link_pool import LinkPool
from gateway.settings import Settings
from tests.fixtures.service_token import SERVICE_TOKEN
from tests.unit.gateway.gateway_fixture import GatewayFixture
from tests.unit.gateway.test_process import NOWHERE


async def _fails() -> None:
    raise LookupError("a fault of ours")


async def _ends() -> None:
    pass


async def test_what_failed_is_lost_and_what_is_done_is_not() -> None:
    vital = CriticalTasks()
    async with vital.running(one=_ends(), other=_fails(), third=asyncio.sleep(60)), asyncio.timeout(1):
        await vital.wait_for_failure()
    assert vital.failures == ["other failed"]


async def test_without_something_vital_it_is_not_alive(own_gateway: GatewayFixture) -> None:
    assert (await own_gateway.http.get("/healthz")).status_code == 200
    async with own_gateway.components.critical_tasks.running(links=_fails()):
        await own_gateway.components.critical_tasks.wait_for_failure()
        answer: httpx.Response = await own_gateway.http.get("/healthz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["links failed"])


async def test_it_ends_with_status_1_when_something_vital_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkPool, "run", lambda *_: _fails())
    given = {"store_url": f"http://{NOWHERE}", "notifiers": NOWHERE, "kafka_bootstrap": NOWHERE, "port": 0}
    settings = Settings.model_validate({**given, "auth": "dev", "service_token": SERVICE_TOKEN})
    with pytest.raises(SystemExit) as ended:
        async with asyncio.timeout(20):
            await main.serve(settings)
    assert ended.value.code == 1
