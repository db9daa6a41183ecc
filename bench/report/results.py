"""What was measured, kept: bench/results/*.json, a file for each comparison."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from bench.measure.figures import Figures

FOLDER = Path(__file__).parents[1] / "results"


class Kept(BaseModel):
    """One comparison."""

    model_config = ConfigDict(ser_json_inf_nan="strings")  # JSON has no NaN, and null would be no number

    when: datetime
    machine: str
    settings: dict[str, dict[str, str]]
    """By target."""
    rounds: dict[str, list[dict[str, Any]]]
    """By target: Figures, or what else a comparison measures."""


class Middle(BaseModel):
    """Of the rounds of one target at one rate that count: medians. Units are those of Figures."""

    rate: float
    rounds: int
    """That count."""
    of: int
    p50: float
    p99: float
    cpu: float
    lost: int

    @classmethod
    def of_rounds(cls, rounds: Sequence[Figures]) -> "Middle":
        good = [each for each in rounds if not each.marks] or list(rounds)
        return cls(
            rate=rounds[0].rate,
            rounds=sum(not each.marks for each in rounds),
            of=len(rounds),
            p50=median(each.p50 for each in good),
            p99=median(each.p99 for each in good),
            cpu=median(each.cpu_sum for each in good),
            lost=sum(each.faults for each in rounds),
        )


def keep(
    name: str, settings: Mapping[str, dict[str, str]], rounds: Mapping[str, Sequence[BaseModel]]
) -> Path:
    """The file written."""
    FOLDER.mkdir(exist_ok=True)
    told = {target: [each.model_dump() for each in seen] for target, seen in rounds.items()}
    kept = Kept(when=datetime.now(UTC), machine=machine(), settings=dict(settings), rounds=told)
    file = FOLDER / f"{name}.json"
    file.write_text(kept.model_dump_json() + "\n")
    return file


def kept() -> dict[str, Kept]:
    """All that was kept, by the name of the file."""
    return {file.stem: Kept.model_validate_json(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


def machine() -> str:
    model = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def middles(rounds: Sequence[Figures]) -> list[Middle]:
    """By rate, rising."""
    rates = sorted({each.rate for each in rounds})
    return [Middle.of_rounds([each for each in rounds if each.rate == rate]) for rate in rates]


def lines(rounds: Sequence[Figures]) -> Iterator[str]:
    """A line for each rate, with how far two halves of the same rounds lie apart."""
    for each in middles(rounds):
        spread = control([one for one in rounds if one.rate == each.rate])
        times = f"p50 {each.p50:6.1f} ±{spread.p50:4.0%}  p99 {each.p99:6.1f} ±{spread.p99:4.0%}"
        cost = f"CPU {each.cpu:6.0f} µs ±{spread.cpu:4.0%}"
        yield f"{each.rate:6g}/s  {times}  {cost}  {each.rounds} of {each.of} count, {each.lost} faults"


class Spread(BaseModel):
    """How far apart a target is from itself, as a share: no difference below it means anything."""

    p50: float
    p99: float
    cpu: float


def control(rounds: Sequence[Figures]) -> Spread:
    """A against A: its 1st, 4th, 5th, 8th … round against its 2nd, 3rd, 6th, 7th …"""
    if len(rounds) < 2:
        return Spread(p50=float("nan"), p99=float("nan"), cpu=float("nan"))
    one = Middle.of_rounds([each for n, each in enumerate(rounds) if n % 4 in (0, 3)])
    other = Middle.of_rounds([each for n, each in enumerate(rounds) if n % 4 in (1, 2)])

    def apart(a: float, b: float) -> float:
        return max(a, b) / min(a, b) - 1 if min(a, b) > 0 else float("inf")

    return Spread(p50=apart(one.p50, other.p50), p99=apart(one.p99, other.p99), cpu=apart(one.cpu, other.cpu))
