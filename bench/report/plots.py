"""Draws W1's rounds, in an environment that has matplotlib: `python bench/report/plots.py FOLDER`."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

mpl.rcParams |= {"svg.hashsalt": "parley", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
_COLOURS = {"parley": "#0b6e4f", "ejabberd": "#c1440e", "synapse": "#5b4b8a"}
_PROCESSES = ("gateway", "projector", "notifier", "store", "kafka", "postgres")
Rounds = list[dict[str, Any]]


def main() -> None:
    folder = Path(sys.argv[1])
    knee = folder / "w1-knee.json"
    if knee.exists():
        sides = json.loads(knee.read_text())["rounds"]
        _latency(sides, folder / "latency.svg")
        _budget(_by_rate(sides["parley"]), folder / "budget.svg")


def _latency(sides: dict[str, Rounds], file: Path) -> None:
    """p50 and p99 of all sides, and CPU, by rate."""
    figure, (times, cpu) = plt.subplots(1, 2, figsize=(10, 4))
    for side, rounds in sides.items():
        by_rate, colour = _by_rate(rounds), _COLOURS.get(side)

        def medians(field: str, by_rate: dict[float, Rounds] = by_rate) -> list[float]:
            return [median(row[field] for row in rows) for rows in by_rate.values()]

        for field, style in (("p50", "o-"), ("p99", "s--")):
            times.plot(list(by_rate), medians(field), style, c=colour, label=f"{side} {field}")
        cpu.plot(list(by_rate), medians("cpu_sum"), "o-", c=colour, label=side)
    times.axhline(250, c="grey", lw=1, ls=":")
    times.set(yscale="log", xlabel="messages/s", ylabel="ms to the other user's frame")
    cpu.set(xlabel="messages/s", ylabel="CPU µs a message, database and broker too", ylim=(0, None))
    times.legend()
    cpu.legend()
    _save(figure, file)


def _budget(by_rate: dict[float, Rounds], file: Path) -> None:
    """Where Parley's CPU goes, by process and rate."""
    figure, axes = plt.subplots(figsize=(8, 4))
    bottom = [0.0] * len(by_rate)
    for process in _PROCESSES:
        heights = [median(row["cpu"][process] for row in rows) for rows in by_rate.values()]
        axes.bar([f"{rate:g}" for rate in by_rate], heights, bottom=bottom, label=process)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    axes.set(xlabel="messages/s", ylabel="CPU µs a message")
    axes.legend()
    _save(figure, file)


def _save(figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def _by_rate(rounds: Rounds) -> dict[float, Rounds]:
    """Those that count, by rate, rising."""
    by_rate = {rate: [r for r in rounds if r["rate"] == rate] for rate in sorted({r["rate"] for r in rounds})}
    return {rate: [row for row in rows if not row["marks"]] or rows for rate, rows in by_rate.items()}


if __name__ == "__main__":
    main()
