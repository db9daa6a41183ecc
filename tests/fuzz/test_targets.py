"""Readers return for every input, or raise the errors that they document.

What a run finds, also one of `make fuzz`, becomes a test here.
"""

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.auth.principal import Principal
from tests.fuzz.mutation import mutate
from tests.fuzz.targets import _SEALER, _TOKEN, TARGETS, _verifier


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_survives_any_bytes(name: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=400))
    def survives(data: bytes) -> None:
        TARGETS[name].run(data)

    survives()


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_survives_damaged_input(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(target.seeds), st.randoms(use_true_random=False))
    def survives(seed: bytes, random: Random) -> None:
        target.run(mutate(random, seed))

    survives()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_inputs_that_the_reader_takes(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


def test_seeds_that_prove_a_caller_are_accepted() -> None:
    """Else the targets would search behind the first check alone."""
    asyncio.run(_verifier().verify(_TOKEN.decode()))
    content = _SEALER.open(TARGETS["ticket"].seeds[0].decode())
    assert content.principal == Principal("ann")
