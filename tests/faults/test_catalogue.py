"""What the catalogue of faults holds, and that each lasts long enough to be one."""

import random
import re
from inspect import signature
from itertools import chain

import pytest

from deploy.local.paths import ROOT
from message_store.storage.postgres import PostgresStore
from tests.faults.catalogue import GROUPS, faults_of
from tests.faults.deaths import FAILPOINTS
from tests.faults.network import troubles
from tests.faults.stillness import frozen
from tests.integration.test_migrations import KILLED_AT

COMMIT = signature(PostgresStore).parameters["timeout"].default
"""Seconds that the projector waits for a commit."""


def test_postgresql_stands_still_for_longer_than_the_projector_waits() -> None:
    (fault,) = (fault for fault in frozen() if "postgres" in fault.name)
    assert fault.lasts > COMMIT + 2


def test_a_black_hole_swallows_commits_for_longer_than_the_projector_waits() -> None:
    holes = [f for f in troubles(random.Random(1)) if re.match("black hole.*projector to postgres", f.name)]
    assert len(holes) == 3
    assert all(fault.lasts > COMMIT + 2 for fault in holes)


def test_every_failpoint_in_the_services_is_a_fault() -> None:
    sources = chain.from_iterable(ROOT.joinpath(part).rglob("src/**/*.py") for part in ("services", "shared"))
    found = [re.findall(r'failpoint\("([\w.]+)"\)', source.read_text()) for source in sources]
    foreseen = chain(*FAILPOINTS.values(), (place.partition(":")[0] for place in KILLED_AT))
    assert set(chain.from_iterable(found)) == set(foreseen)


@pytest.mark.parametrize("group", GROUPS)
def test_the_same_seed_gives_the_same_faults(group: str) -> None:
    names = [str(fault) for fault in faults_of(group, 3)]
    assert names == [str(fault) for fault in faults_of(group, 3)]
    assert names
