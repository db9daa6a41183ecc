"""Rows for the terminal, and bench/results/README.md with all that was kept."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from statistics import fmean

from pydantic import BaseModel

from bench.measure.figures import Figures
from bench.measure.knee import knee
from bench.report.goals import goal_results
from bench.report.paired import median_ratio
from bench.report.results import Comparison, Row, at_rate, counting, middle, spread

_MEDIANS = {"p50": 1, "p99": 1, "cpu_sum": 0}
"""Fields of Figures, and their decimals."""


def format_row(figures: BaseModel) -> str:
    """One round for the terminal: what is not zero, and below it texts of several lines."""
    values = figures.model_dump()
    cells = [f"{name} {_cell(value)}" for name, value in values.items() if value and _is_cell(value)]
    for name, shares in values.items():
        if isinstance(shares, dict):
            cells.append(f"{name} ({', '.join(f'{key} {value:.4g}' for key, value in shares.items())})")
    void = ", ".join(values.get("marks", ()))
    texts = [value for value in values.values() if isinstance(value, str) and not _is_cell(value)]
    return "\n".join(["  ".join([*cells, *([f"void: {void}"] if void else [])]), *texts])


def readme(comparisons: Mapping[str, Comparison]) -> Iterator[str]:
    """Markdown of all comparisons, by file."""
    yield "# What was measured"
    yield "\nMade by `python -m bench report` from the rounds beside it. Ratios are of one run; ± is how far"
    yield "a target is from itself (A against A), and no difference below it means anything.\n"
    yield from _goals(comparisons)
    for name, comparison in comparisons.items():
        yield f"\n## {name}\n\n{comparison.when:%Y-%m-%d %H:%M} UTC, {comparison.machine}.\n"
        yield from rounds(comparison)
        yield "\n<details><summary>Versions and settings</summary>\n"
        for side, settings in comparison.settings.items():
            yield f"* {side}: " + ", ".join(f"{key} {value}" for key, value in settings.items())
        yield "\n</details>"


def rounds(comparison: Comparison) -> Iterator[str]:
    """Markdown of one comparison's rounds."""
    for side, rows in comparison.rounds.items():
        if rows and "cpu_sum" in rows[0]:
            yield from _messages(side, rows)
        elif rows and "ratio" in rows[0]:
            ratio = median_ratio(row["ratio"] for row in rows)
            yield f"\n**{side}**, median ratio with its 95 % interval: {ratio}"
            yield from _plain(rows)
        elif rows and "p50_ratio" in rows[0]:
            fields = [field for field in rows[0] if field.endswith("_ratio")]
            ratios = [f"{field} {median_ratio(row[field] for row in rows)}" for field in fields]
            yield f"\n**{side}**, median ratios with their 95 % intervals: {', '.join(ratios)}"
            yield from _plain(rows)
        else:
            yield f"\n**{side}**"
            yield from _plain(rows)


def _goals(comparisons: Mapping[str, Comparison]) -> Iterator[str]:
    yield "| | must | aim | measured | of | |"
    yield "|---|---|---|---|---|---|"
    for result in goal_results(comparisons):
        goal, measured = result.goal, result.measured
        sign = "≥" if goal.bounds.is_floor else "≤"
        bounds = f"{sign} {goal.bounds.must:.3g}× | {sign} {goal.bounds.aim:.3g}×"
        cells = f"{measured.ratio:.3g}×{_spread(measured.spread)} | {measured.of}" if measured else "– | –"
        yield f"| {goal.name} | {bounds} | {cells} | {result.verdict} |"


def _messages(side: str, rows: Sequence[Row]) -> Iterator[str]:
    rounds_of_all = [Figures.model_validate(row) for row in rows]
    yield f"\n**{side}**, knee {knee(rounds_of_all):g}/s among these rates\n"
    yield "| messages/s | p50 ms | p99 ms | CPU µs a message | by process | rounds that count | faults |"
    yield "|---|---|---|---|---|---|---|"
    for rate in sorted({row["rate"] for row in rows}):
        same_rate = at_rate(rows, rate)
        good = counting(same_rate)
        cells = [f"{middle(same_rate, f):.{n}f}{_spread(spread(same_rate, f))}" for f, n in _MEDIANS.items()]
        means = {name: fmean(row["cpu"][name] for row in good) for name in good[0]["cpu"]}
        split = ", ".join(f"{name} {mean:.0f}" for name, mean in means.items())
        unmarked = sum(not row["marks"] for row in same_rate)
        faults = sum(figures.faults for figures in rounds_of_all if figures.rate == rate)
        yield f"| {rate:g} | {' | '.join(cells)} | {split} | {unmarked} of {len(same_rate)} | {faults} |"


def _spread(share: float) -> str:
    return f" ±{share:.0%}" if isfinite(share) else ""


def _plain(rows: Sequence[Row]) -> Iterator[str]:
    fields = [name for name, value in rows[0].items() if _is_cell(value)]
    yield "\n| " + " | ".join([*fields, "void"]) + " |"
    yield "|" + "---|" * (len(fields) + 1)
    for row in rows:
        cells = [*(_cell(row[field]) for field in fields), ", ".join(row.get("marks", ()))]
        yield "| " + " | ".join(cells) + " |"
    for row in rows:
        for field, text in row.items():
            if isinstance(text, str) and not _is_cell(text):
                yield f"\n{field}, {row[fields[0]]}:\n\n```\n{text}\n```"


def _is_cell(value: object) -> bool:
    """Whether it is a number or a text of one line."""
    return isinstance(value, int | float) or (isinstance(value, str) and "\n" not in value)


def _cell(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, int | float) else str(value)
