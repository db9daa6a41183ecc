"""Tables and plots of bench/results/*.json, into bench/results/: `python -m bench.report`."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from math import isfinite

from bench import goals, results
from bench.figures import Figures
from bench.peers import install
from bench.results import FOLDER, Kept, control, middles
from bench.side_by_side import knee
from deploy.local.errors import UserError
from deploy.local.paths import ROOT

_PLOTS = ("matplotlib==3.10.7",)
"""In an environment of its own: nothing else here needs it."""


def main() -> int:
    """The exit code."""
    kept = results.kept()
    (FOLDER / "README.md").write_text("\n".join(lines(kept)) + "\n")
    try:
        python = install.environment("plots", *_PLOTS) / "bin" / "python"
    except UserError as failure:
        print(f"bench: no plots: {failure}", file=sys.stderr)
        return 1
    return subprocess.run([str(python), "bench/plot.py", str(FOLDER)], cwd=ROOT, check=False).returncode


def lines(kept: Mapping[str, Kept]) -> Iterator[str]:
    """Markdown."""
    yield "# What was measured"
    yield "\nMade by `python -m bench.report` from the rounds beside it. Ratios are of one run; ± is how far"
    yield "a target is from itself (A against A), and no difference below it means anything.\n"
    yield from _goals(kept)
    for name, each in kept.items():
        yield f"\n## {name}\n\n{each.when:%Y-%m-%d %H:%M} UTC, {each.machine}.\n"
        yield from _rounds(each)
        yield "\n<details><summary>Versions and settings</summary>\n"
        for target, settings in each.settings.items():
            yield f"* {target}: " + ", ".join(f"{key} {value}" for key, value in settings.items())
        yield "\n</details>"


def _goals(kept: Mapping[str, Kept]) -> Iterator[str]:
    yield "| | must | aim | measured | of | |"
    yield "|---|---|---|---|---|---|"
    for each in goals.reached(kept):
        goal, found = each.goal, each.found
        sign = "≥" if goal.bounds.floor else "≤"
        bounds = f"{sign} {goal.bounds.must:.3g}× | {sign} {goal.bounds.aim:.3g}×"
        told = f"{found.ratio:.3g}×{_spread(found.spread)} | {found.of}" if found else "– | –"
        yield f"| {goal.name} | {bounds} | {told} | {each.verdict} |"


def _spread(share: float) -> str:
    return f" ±{share:.0%}" if isfinite(share) else ""


def _rounds(kept: Kept) -> Iterator[str]:
    for name, rounds in kept.rounds.items():
        if rounds and "cpu_sum" in rounds[0]:
            yield from _messages(name, [Figures.model_validate(each) for each in rounds])
        else:
            yield from _plain(name, rounds)


def _messages(name: str, rounds: list[Figures]) -> Iterator[str]:
    yield f"\n**{name}**, knee {knee(rounds):g}/s among these rates\n"
    yield "| messages/s | p50 ms | p99 ms | CPU µs a message | by process | rounds that count | faults |"
    yield "|---|---|---|---|---|---|---|"
    for each in middles(rounds):
        mine = [one for one in rounds if one.rate == each.rate]
        spread = control(mine)
        good = [one for one in mine if not one.marks] or mine
        split = ", ".join(
            f"{process} {sum(one.cpu[process] for one in good) / len(good):.0f}" for process in good[0].cpu
        )
        yield (
            f"| {each.rate:g} | {each.p50:.1f} ±{spread.p50:.0%} | {each.p99:.1f} ±{spread.p99:.0%} "
            f"| {each.cpu:.0f} ±{spread.cpu:.0%} | {split} | {each.rounds} of {each.of} | {each.lost} |"
        )


def _plain(name: str, rounds: list[dict[str, object]]) -> Iterator[str]:
    fields = [key for key, value in rounds[0].items() if isinstance(value, int | float) or _is_word(value)]
    yield f"\n**{name}**\n"
    yield "| " + " | ".join([*fields, "void"]) + " |"
    yield "|" + "---|" * (len(fields) + 1)
    for each in rounds:
        marks = each.get("marks")
        void = ", ".join(map(str, marks)) if isinstance(marks, list) else ""
        yield "| " + " | ".join([*(_cell(each[field]) for field in fields), void]) + " |"
    for each in rounds:
        for field, text in each.items():
            if isinstance(text, str) and not _is_word(text):
                yield f"\n{field}, {each[fields[0]]}:\n\n```\n{text}\n```"


def _is_word(value: object) -> bool:
    """Fits a cell; longer texts are told below the table."""
    return isinstance(value, str) and "\n" not in value


def _cell(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, int | float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
