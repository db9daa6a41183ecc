"""The catalogue of faults is complete, and each fault lasts long enough to have an effect."""

import random
import re
from inspect import signature
from itertools import chain

import pytest

from deploy.local.paths import ROOT
from message_store.storage.postgres import PostgresStore
from tests.chaos.faults.catalogue import GROUPS, faults_of
from tests.chaos.faults.network import network_faults
from tests.chaos.faults.process_faults import FAILPOINTS, pauses
from tests.integration.test_migrations import KILLED_AT

COMMIT_TIMEOUT = signature(PostgresStore).parameters["timeout"].default
"""Seconds that the projector waits for a commit."""


def test_postgresql_is_paused_for_longer_than_the_projector_waits() -> None:
    (fault,) = (fault for fault in pauses() if "postgres" in fault.name)
    assert fault.duration > COMMIT_TIMEOUT + 2


def test_a_black_hole_swallows_commits_for_longer_than_the_projector_waits() -> None:
    faults = network_faults(random.Random(1))
    holes = [fault for fault in faults if re.match("black hole.*projector to postgres", fault.name)]
    assert len(holes) == 3
    assert all(fault.duration > COMMIT_TIMEOUT + 2 for fault in holes)


def test_every_failpoint_in_the_services_is_a_fault() -> None:
    sources = chain.from_iterable(ROOT.joinpath(part).rglob("src/**/*.py") for part in ("services", "shared"))
    in_sources = (re.findall(r'failpoint\("([\w.]+)"\)', source.read_text()) for source in sources)
    covered = chain(*FAILPOINTS.values(), (failpoint.partition(":")[0] for failpoint in KILLED_AT))
    assert set(chain.from_iterable(in_sources)) == set(covered)


@pytest.mark.parametrize("group", GROUPS)
def test_the_same_seed_gives_the_same_faults(group: str) -> None:
    names = [str(fault) for fault in faults_of(group, 3)]
    assert names == [str(fault) for fault in faults_of(group, 3)]
    assert names
