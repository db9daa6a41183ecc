"""A gateway's critical tasks: without one of them it is not alive, and it ends."""

import asyncio

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.main import run_gateway
from gateway.notifiers.link_pool import LinkPool
from gateway.settings import Settings
from shared.runtime.critical_tasks import CriticalTasks
from shared.service.runner import serve
from tests.fixtures.service_token import SERVICE_TOKEN
from tests.unit.gateway.auth.test_jwt_settings import GOOD as PRODUCTION
from tests.unit.gateway.auth.test_jwt_settings import KEY
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


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({}, 1),
        ({"trusted_proxies": "none"}, 0),
        ({"trusted_proxies": "10.0.3.0/24"}, 0),
        ({"env": "development"}, 0),
    ],
)
async def test_in_production_it_warns_while_limits_by_address_are_off(
    changes: dict[str, str], warnings: int
) -> None:
    keys = {"jwt_keys": KEY.pem().decode(), "kafka_bootstrap": NOWHERE}
    settings = Settings.model_validate({**PRODUCTION, **keys, **changes})
    with capture_logs() as lines:
        async with asyncio.timeout(20), run_gateway(settings, CriticalTasks()):
            pass
    assert [line["event"] for line in lines].count("limits.by_address_off") == warnings


async def test_it_ends_with_status_1_when_a_critical_task_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkPool, "run", lambda *_: _fails())
    given = {"store_url": f"http://{NOWHERE}", "notifiers": NOWHERE, "kafka_bootstrap": NOWHERE, "port": 0}
    settings = Settings.model_validate({**given, "auth": "dev", "service_token": SERVICE_TOKEN})
    with pytest.raises(SystemExit) as ended:
        async with asyncio.timeout(20):
            await serve(settings, run_gateway)
    assert ended.value.code == 1
