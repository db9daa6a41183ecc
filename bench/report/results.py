"""Comparisons, kept in bench/results/*.json, and the medians of their rounds."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import inf, nan
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parents[1] / "results"
Row = Mapping[str, Any]


class Comparison(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")  # JSON has no NaN, and null would be no number

    when: datetime
    machine: str
    settings: dict[str, dict[str, str]]
    """By side."""
    rounds: dict[str, list[dict[str, Any]]]
    """By side: Figures, or what else a scenario measures."""


def comparison(
    settings: Mapping[str, Mapping[str, str]], rounds: Mapping[str, Sequence[BaseModel]]
) -> Comparison:
    return Comparison(
        when=datetime.now(UTC),
        machine=_machine(),
        settings={side: dict(values) for side, values in settings.items()},
        rounds={side: [row.model_dump() for row in rows] for side, rows in rounds.items()},
    )


def keep(name: str, kept: Comparison) -> None:
    """Write bench/results/`name`.json; `name` may be a path."""
    (FOLDER / f"{name}.json").write_text(kept.model_dump_json() + "\n")


def load() -> dict[str, Comparison]:
    """All comparisons, by the name of the file."""
    files = sorted(FOLDER.glob("*.json"))
    return {file.stem: Comparison.model_validate_json(file.read_text()) for file in files}


def at_rate(rows: Sequence[Row], rate: float) -> list[Row]:
    return [row for row in rows if row["rate"] == rate]


def counting(rows: Sequence[Row]) -> list[Row]:
    """Those without marks; all when every round has some."""
    return [row for row in rows if not row.get("marks")] or list(rows)


def middle(rows: Sequence[Row], field: str) -> float:
    """The median of a field, of the rounds that count."""
    return float(median(row[field] for row in counting(rows)))


def spread(rows: Sequence[Row], field: str) -> float:
    """How far a side is from itself, as a share: no difference below it means anything.

    A against A: its 1st, 4th, 5th, 8th … round against its 2nd, 3rd, 6th, 7th …
    """
    halves = [[row for n, row in enumerate(rows) if n % 4 in places] for places in ((0, 3), (1, 2))]
    if not all(halves):
        return nan
    low, high = sorted(middle(half, field) for half in halves)
    return high / low - 1 if low > 0 else inf


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in lines if "model name" in line]
    return f"{os.cpu_count()} cores of {[*models, platform.machine()][0]}, Linux {platform.release()}"
