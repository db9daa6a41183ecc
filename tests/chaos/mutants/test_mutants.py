"""Bugs planted into real processes are found, and named by the promise that they break; what was done to
the processes beside that is survived without them.

`make test` runs four of them, and one run without a bug in which a projector and a gateway are killed. The
others, and for each bug with a fault the same run without the bug, are marked `long`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.chaos import mutants
from tests.chaos.checker.checker import Violation, judge
from tests.chaos.checker.final_state import Observed
from tests.chaos.checker.final_state_reader import observe
from tests.chaos.checker.history import Ledger, Status
from tests.chaos.cluster.cluster import House, house
from tests.chaos.load.admin_client import Backstage
from tests.chaos.load.load import load
from tests.chaos.mutants.mutant_cases import IN_A_BATCH, MORE, TRIALS, Fault, Trial, killed_gateway

BEFORE, AFTER = 1.5, 1.5
"""Seconds of load around a fault."""


class Laboratory:
    """A house in which one process at a time has a bug."""

    def __init__(self, home: House) -> None:
        self.home = home
        self._odd: set[str] = set()
        self._runs = 0

    async def try_out(self, trial: Trial, *, mutated: bool) -> list[Violation]:
        names = ",".join(filter(None, (trial.around, trial.mutant if mutated else "")))
        usual = list(self.home.processes[trial.process].argv)
        failpoint = trial.failpoint if mutated else trial.instead or trial.failpoint
        await self.only(trial.process, failpoint, mutants.argv(names, usual) if names else None)
        faults = [trial.fault] if trial.fault else []
        return judge(*await self.run(faults, patience=5 if mutated else 30, repeated=trial.repeated))

    async def finds(self, trial: Trial) -> None:
        found = await self.try_out(trial, mutated=True)
        for_this = [each for each in found if each.promise is trial.breaks and trial.says in each.what]
        assert for_this, list(map(str, found[:20]))

    async def only(self, process: str, failpoint: str, argv: Sequence[str] | None) -> None:
        """This one is different, and all others are as they should be."""
        for odd in self._odd - {process}:
            await self.home.restart_with(odd)
        await self.home.restart_with(process, env={"FAILPOINT": failpoint}, argv=argv)
        self._odd = {process}

    async def run(self, faults: Sequence[Fault], patience: float, repeated: float) -> tuple[Ledger, Observed]:
        home, backstage = self.home, Backstage(self.home.kafka, self.home.database)
        self._runs += 1
        async with load(
            home.gateways,
            seed=self._runs,
            rate=40,
            name=f"run{self._runs}",
            backstage=backstage,
            churn=1.5,
            repeated=repeated,
            refetched=1.0,
        ) as running:
            await asyncio.sleep(BEFORE)
            for fault in faults:
                await fault(home)
            await asyncio.sleep(AFTER)
            await running.finish(patience)
        return running.ledger, await observe(home.gateways[-1], backstage, running.ledger, patience)


@pytest.fixture(scope="module")
async def laboratory() -> AsyncIterator[Laboratory]:
    env = {"*": {"HEARTBEAT_SECONDS": "1", "SESSION_TIMEOUT": "1.5"}}
    async with house(gateways=2, notifiers=1, projectors=1, env=env) as home:
        yield Laboratory(home)


async def test_without_a_bug_no_promise_is_broken_whatever_is_killed(laboratory: Laboratory) -> None:
    await laboratory.only("projector", IN_A_BATCH, None)
    before = dict(laboratory.home.running)
    ledger, observed = await laboratory.run([killed_gateway], patience=30, repeated=0.3)
    after = laboratory.home.running
    assert {name for name, life in before.items() if after[name] != life} == {"projector", "gateway"}
    assert [str(violation) for violation in judge(ledger, observed)] == []

    sends = list(ledger.sends())
    assert sum(operation.status is Status.OK for operation in sends) > 0.7 * len(sends) > 50
    assert any(len(operation.accepted) > 2 for operation in sends), "nothing was said again"
    assert any(list(connection.of("rejected")) for connection in ledger.connections)
    assert len(ledger.connections) > 2 * len(ledger.devices())
    assert len(ledger.refetches) > 50
    assert observed.trespasses
    assert all(offsets for offsets in observed.meanwhile.values())


@pytest.mark.long
@pytest.mark.parametrize("trial", [each for each in (*TRIALS, *MORE) if each.hurts], ids=str)
async def test_without_the_bug_the_same_run_is_clean(laboratory: Laboratory, trial: Trial) -> None:
    """Before any bug is planted: some do harm that stays, such as entries that nobody will publish."""
    found = await laboratory.try_out(trial, mutated=False)
    assert [str(violation) for violation in found] == []


@pytest.mark.parametrize("trial", TRIALS, ids=str)
async def test_a_planted_bug_is_found(laboratory: Laboratory, trial: Trial) -> None:
    await laboratory.finds(trial)


@pytest.mark.long
@pytest.mark.parametrize("trial", MORE, ids=str)
async def test_another_planted_bug_is_found(laboratory: Laboratory, trial: Trial) -> None:
    await laboratory.finds(trial)
