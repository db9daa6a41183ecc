"""The checker finds bugs planted into real processes, by the invariant that each violates; the faults that
make them do harm violate nothing without them.

`make test` runs four mutants, and one run without any in which a projector and a gateway are killed. The
other mutants, and the same runs without the bug, are marked `long`.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.chaos.checker.checker import Violation, check
from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.final_state_reader import read_final_state
from tests.chaos.checker.history import History, Status
from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.load.admin_client import Backend
from tests.chaos.load.load import start_load
from tests.chaos.mutants import registry
from tests.chaos.mutants.mutant_cases import (
    CASES,
    IN_A_BATCH,
    LONG_CASES,
    CaseFault,
    MutantCase,
    kill_gateway,
)

LOAD_SECONDS = 1.5
"""Before a fault and after it."""


class MutantRunner:
    """A cluster in which one process at a time has a bug."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._changed: str | None = None
        self._runs = 0

    async def violations(self, case: MutantCase, *, mutated: bool) -> list[Violation]:
        mutants = ",".join(filter(None, (case.harmless, case.mutant if mutated else "")))
        failpoint = case.failpoint if mutated else case.failpoint_without_mutant or case.failpoint
        await self.change(case.process, failpoint, mutants)
        return check(*await self.run(case.fault, max_seconds=5 if mutated else 30, repeated=case.repeated))

    async def assert_detected(self, case: MutantCase) -> None:
        violations = await self.violations(case, mutated=True)
        assert any(
            violation.invariant is case.violates and case.description in violation.description
            for violation in violations
        ), list(map(str, violations[:20]))

    async def change(self, process: str, failpoint: str, mutants: str = "") -> None:
        """Restart this process with a failpoint and mutants, and the one changed before as usual."""
        if self._changed not in (None, process):
            await self.cluster.restart(self._changed)
        argv = registry.argv(mutants, self.cluster.processes[process].argv) if mutants else None
        await self.cluster.restart(process, env={"FAILPOINT": failpoint}, argv=argv)
        self._changed = process

    async def run(
        self, fault: CaseFault | None, max_seconds: float, repeated: float
    ) -> tuple[History, FinalState]:
        cluster, backend = self.cluster, Backend(self.cluster.kafka, self.cluster.database)
        self._runs += 1
        async with start_load(
            cluster.gateways,
            seed=self._runs,
            rate=40,
            backend=backend,
            name=f"run{self._runs}",
            mean_lifetime=1.5,
            repeated=repeated,
            refetched=1.0,
        ) as load:
            await asyncio.sleep(LOAD_SECONDS)
            if fault:
                await fault(cluster)
            await asyncio.sleep(LOAD_SECONDS)
            await load.finish(max_seconds)
        history = load.history
        return history, await read_final_state(cluster.gateways[-1], backend, history, max_seconds)


@pytest.fixture(scope="module")
async def runner() -> AsyncIterator[MutantRunner]:
    env = {"*": {"HEARTBEAT_SECONDS": "1", "SESSION_TIMEOUT": "1.5"}}
    async with start_cluster(gateways=2, notifiers=1, projectors=1, env=env) as cluster:
        yield MutantRunner(cluster)


async def test_without_a_bug_kills_violate_no_invariant(runner: MutantRunner) -> None:
    await runner.change("projector", IN_A_BATCH)
    before = dict(runner.cluster.running)
    history, final_state = await runner.run(kill_gateway, max_seconds=30, repeated=0.3)
    after = runner.cluster.running
    assert {name for name, own in before.items() if after[name] != own} == {"projector", "gateway"}
    assert [str(violation) for violation in check(history, final_state)] == []

    sends = list(history.sends())
    assert sum(operation.status is Status.OK for operation in sends) > 0.7 * len(sends) > 50
    assert any(len(operation.accepted) > 2 for operation in sends), "no send was repeated"
    assert any(list(connection.of("rejected")) for connection in history.connections)
    assert len(history.connections) > 2 * len({connection.client for connection in history.connections})
    assert len(history.refetches) > 50
    assert final_state.probe_results
    assert all(offsets for offsets in final_state.offsets.values())


@pytest.mark.long
@pytest.mark.parametrize("case", [case for case in (*CASES, *LONG_CASES) if case.has_fault], ids=str)
async def test_without_the_bug_the_same_run_violates_nothing(runner: MutantRunner, case: MutantCase) -> None:
    """Before any bug is planted: some leave harm behind, such as entries that are never published."""
    violations = await runner.violations(case, mutated=False)
    assert [str(violation) for violation in violations] == []


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_planted_bug_is_detected(runner: MutantRunner, case: MutantCase) -> None:
    await runner.assert_detected(case)


@pytest.mark.long
@pytest.mark.parametrize("case", LONG_CASES, ids=str)
async def test_another_planted_bug_is_detected(runner: MutantRunner, case: MutantCase) -> None:
    await runner.assert_detected(case)
