"""Draws bench/results/*.json, in an environment that has matplotlib: `python bench/plot.py FOLDER`."""

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


def main() -> None:
    folder = Path(sys.argv[1])
    knee = folder / "w1-knee.json"
    if knee.exists():
        rounds = json.loads(knee.read_text())["rounds"]
        _latency(rounds, folder / "latency.svg")
        _budget(rounds["parley"], folder / "budget.svg")


def _latency(rounds: dict[str, list[dict[str, Any]]], file: Path) -> None:
    """p50 and p99 of both, and CPU, by rate."""
    figure, (times, cpu) = plt.subplots(1, 2, figsize=(10, 4))
    for name, told in rounds.items():
        rates = sorted({each["rate"] for each in told})
        colour = _COLOURS.get(name)
        for field, style in (("p50", "o-"), ("p99", "s--")):
            times.plot(
                rates, [_middle(told, r, field) for r in rates], style, c=colour, label=f"{name} {field}"
            )
        cpu.plot(rates, [_middle(told, rate, "cpu_sum") for rate in rates], "o-", c=colour, label=name)
    times.axhline(250, c="grey", lw=1, ls=":")
    times.set(yscale="log", xlabel="messages/s", ylabel="ms to the other user's frame")
    cpu.set(xlabel="messages/s", ylabel="CPU µs a message, database and broker too", ylim=(0, None))
    times.legend()
    cpu.legend()
    _save(figure, file)


def _budget(told: list[dict[str, Any]], file: Path) -> None:
    """Where Parley's CPU goes, by process and rate."""
    figure, axes = plt.subplots(figsize=(8, 4))
    rates = sorted({each["rate"] for each in told})
    bottom = [0.0] * len(rates)
    for name in _PROCESSES:
        spent = [median(e["cpu"][name] for e in _good(told, rate)) for rate in rates]
        axes.bar([f"{rate:g}" for rate in rates], spent, bottom=bottom, label=name)
        bottom = [low + more for low, more in zip(bottom, spent, strict=True)]
    axes.set(xlabel="messages/s", ylabel="CPU µs a message")
    axes.legend()
    _save(figure, file)


def _save(figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def _good(told: list[dict[str, Any]], rate: float) -> list[dict[str, Any]]:
    mine = [each for each in told if each["rate"] == rate]
    return [each for each in mine if not each["marks"]] or mine


def _middle(told: list[dict[str, Any]], rate: float, field: str) -> float:
    return float(median(each[field] for each in _good(told, rate)))


if __name__ == "__main__":
    main()
