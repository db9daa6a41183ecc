"""The pauses between attempts."""

import asyncio

import pytest

from shared.runtime.back_off import BackOff


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    recorded: list[float] = []

    async def sleep(seconds: float) -> None:
        recorded.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return recorded


async def test_pauses_double_up_to_the_maximum_until_an_attempt_succeeds(pauses: list[float]) -> None:
    back_off = BackOff(0.25, 1.0)
    for _ in range(4):
        await back_off.sleep()
    back_off.reset()
    await back_off.sleep()
    back_off.extend()
    await back_off.sleep()
    assert pauses == [0.25, 0.5, 1.0, 1.0, 0.25, 1.0]


async def test_jitter_takes_at_most_its_part_off_a_pause(pauses: list[float]) -> None:
    back_off = BackOff(1.0, 1.0, jitter=0.5)
    for _ in range(50):
        await back_off.sleep()
    assert all(0.5 < pause <= 1.0 for pause in pauses)
    assert len(set(pauses)) > 1
