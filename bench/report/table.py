"""Rounds as lines of a table."""

from collections.abc import Iterator, Sequence

from bench.measure.figures import Figures

_WIDTHS = {
    "rate": 6,
    "achieved": 8,
    "p50": 7,
    "p90": 7,
    "p99": 7,
    "max": 7,
    "lost": 5,
    "doubled": 7,
    "misordered": 10,
    "refused": 7,
    "late p99": 8,
    "steal": 6,
    "others": 6,
    "idle": 6,
}
_CPU = 9


def head(names: Sequence[str]) -> Iterator[str]:
    """`names` of the processes; the same order as the lines'."""
    yield "messages/s; latency in ms from the intended sending to the other user's frame; CPU in µs a message"
    yield _joined([*_WIDTHS, *names, "server"])


def line(figures: Figures) -> str:
    times = (figures.p50, figures.p90, figures.p99, figures.max)
    counts = (figures.lost, figures.doubled, figures.misordered, figures.refused)
    cells = [
        f"{figures.rate:g}",
        f"{figures.achieved:.0f}",
        *(f"{each:.1f}" for each in times),
        *map(str, counts),
        f"{figures.lateness_p99:.2f}",
        f"{figures.steal:.1%}",
        f"{figures.others:.0%}",
        f"{figures.idle:.0%}",
        *(f"{each:.0f}" for each in figures.cpu.values()),
        f"{figures.cpu_sum:.0f}",
    ]
    return f"{_joined(cells)}  {'void: ' if figures.marks else ''}{', '.join(figures.marks)}".rstrip()


def _joined(cells: Sequence[str]) -> str:
    widths = [*_WIDTHS.values(), *[_CPU] * (len(cells) - len(_WIDTHS))]
    return " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
