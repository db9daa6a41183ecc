"""Without any fault: the load runs, comes to rest, and the judge finds nothing."""

import asyncio

from tests.conftest import StartStack
from tests.faults.clients import load
from tests.faults.group import Backstage
from tests.faults.judge import judge
from tests.faults.ledger import Status
from tests.faults.observe import observe
from tests.platform import new_topic_prefix


async def test_a_run_without_faults_breaks_no_promise(start_stack: StartStack) -> None:
    prefix = new_topic_prefix()
    env = {"TOPIC_PREFIX": prefix, "HEARTBEAT_SECONDS": "1"}
    stack = start_stack(gateways=2, notifiers=2, projectors=2, env=env)
    backstage = Backstage(stack.kafka, stack.database, prefix)
    async with load(stack.gateways, seed=1, rate=60, backstage=backstage, churn=1.0) as running:
        await asyncio.sleep(5)
        assert running.deliveries.latencies()
        await running.finish()
    ledger = running.ledger
    observed = await observe(stack.gateways[0], backstage, ledger)
    assert [str(violation) for violation in judge(ledger, observed)] == []

    sends = list(ledger.sends())
    assert sum(operation.status is Status.OK for operation in sends) > 0.8 * len(sends) > 100
    assert any(len(operation.accepted) > 2 for operation in sends), "nothing was said again"
    assert any(list(connection.of("rejected")) for connection in ledger.connections)
    assert len(ledger.connections) > 3 * len(ledger.devices())
    assert ledger.refetches
    assert observed.trespasses
