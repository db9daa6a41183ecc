"""Bugs planted into real processes are found, and named by the promise that they break; what was done to
the processes beside that is survived without them.

`make test` runs four of them, and one run without a bug in which a projector and a gateway are killed. The
others, and for each bug with a fault the same run without the bug, are marked `long`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.chaos import mutants
from tests.chaos.checker.checker import Violation, check
from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.final_state_reader import read_final_state
from tests.chaos.checker.history import History, Status
from tests.chaos.cluster.cluster import Cluster, start_cluster
from tests.chaos.load.admin_client import Backend
from tests.chaos.load.load import load
from tests.chaos.mutants.mutant_cases import CASES, IN_A_BATCH, LONG_CASES, Fault, MutantCase, killed_gateway

BEFORE, AFTER = 1.5, 1.5
"""Seconds of load around a fault."""


class MutantRunner:
    """A cluster in which one process at a time has a bug."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._odd: set[str] = set()
        self._runs = 0

    async def run_group(self, case_: MutantCase, *, mutated: bool) -> list[Violation]:
        names = ",".join(filter(None, (case_.around, case_.mutant if mutated else "")))
        usual = list(self.cluster.processes[case_.process].argv)
        failpoint = case_.failpoint if mutated else case_.instead or case_.failpoint
        await self.only(case_.process, failpoint, mutants.argv(names, usual) if names else None)
        faults = [case_.fault] if case_.fault else []
        return check(*await self.run(faults, patience=5 if mutated else 30, repeated=case_.repeated))

    async def finds(self, case_: MutantCase) -> None:
        found = await self.run_group(case_, mutated=True)
        for_this = [each for each in found if each.promise is case_.breaks and case_.says in each.what]
        assert for_this, list(map(str, found[:20]))

    async def only(self, process: str, failpoint: str, argv: Sequence[str] | None) -> None:
        """This one is different, and all others are as they should be."""
        for odd in self._odd - {process}:
            await self.cluster.restart_with(odd)
        await self.cluster.restart_with(process, env={"FAILPOINT": failpoint}, argv=argv)
        self._odd = {process}

    async def run(
        self, faults: Sequence[Fault], patience: float, repeated: float
    ) -> tuple[History, FinalState]:
        cluster, backend = self.cluster, Backend(self.cluster.kafka, self.cluster.database)
        self._runs += 1
        async with load(
            cluster.gateways,
            seed=self._runs,
            rate=40,
            name=f"run{self._runs}",
            backend=backend,
            churn=1.5,
            repeated=repeated,
            refetched=1.0,
        ) as running:
            await asyncio.sleep(BEFORE)
            for fault in faults:
                await fault(cluster)
            await asyncio.sleep(AFTER)
            await running.finish(patience)
        return running.history, await read_final_state(
            cluster.gateways[-1], backend, running.history, patience
        )


@pytest.fixture(scope="module")
async def runner() -> AsyncIterator[MutantRunner]:
    env = {"*": {"HEARTBEAT_SECONDS": "1", "SESSION_TIMEOUT": "1.5"}}
    async with start_cluster(gateways=2, notifiers=1, projectors=1, env=env) as cluster:
        yield MutantRunner(cluster)


async def test_without_a_bug_no_promise_is_broken_whatever_is_killed(runner: MutantRunner) -> None:
    await runner.only("projector", IN_A_BATCH, None)
    before = dict(runner.cluster.running)
    history, final_state = await runner.run([killed_gateway], patience=30, repeated=0.3)
    after = runner.cluster.running
    assert {name for name, life in before.items() if after[name] != life} == {"projector", "gateway"}
    assert [str(violation) for violation in check(history, final_state)] == []

    sends = list(history.sends())
    assert sum(operation.status is Status.OK for operation in sends) > 0.7 * len(sends) > 50
    assert any(len(operation.accepted) > 2 for operation in sends), "nothing was said again"
    assert any(list(connection.of("rejected")) for connection in history.connections)
    assert len(history.connections) > 2 * len(history.devices())
    assert len(history.refetches) > 50
    assert final_state.probe_results
    assert all(offsets for offsets in final_state.meanwhile.values())


@pytest.mark.long
@pytest.mark.parametrize("case_", [each for each in (*CASES, *LONG_CASES) if each.hurts], ids=str)
async def test_without_the_bug_the_same_run_is_clean(runner: MutantRunner, case_: MutantCase) -> None:
    """Before any bug is planted: some do harm that stays, such as entries that nobody will publish."""
    found = await runner.run_group(case_, mutated=False)
    assert [str(violation) for violation in found] == []


@pytest.mark.parametrize("case_", CASES, ids=str)
async def test_a_planted_bug_is_found(runner: MutantRunner, case_: MutantCase) -> None:
    await runner.finds(case_)


@pytest.mark.long
@pytest.mark.parametrize("case_", LONG_CASES, ids=str)
async def test_another_planted_bug_is_found(runner: MutantRunner, case_: MutantCase) -> None:
    await runner.finds(case_)
