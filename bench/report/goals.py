"""The ratios to reach, each in one run, and how far they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf, isnan, nan
from typing import NamedTuple

from bench.measure.figures import Figures
from bench.measure.knee import is_knee_unsure, knee
from bench.report.results import Comparison, Row, at_rate, middle, spread


class Measured(NamedTuple):
    ratio: float
    of: str
    """The figures it is made of."""
    spread: float = nan
    """How far a side is from itself, as a share."""


Measure = Callable[[Sequence[Comparison]], Measured]


class Bounds(NamedTuple):
    must: float
    aim: float
    is_floor: bool
    """Whether more is better; else these are ceilings."""

    def met(self, ratio: float) -> str:
        for bound, word in ((self.aim, "aim"), (self.must, "must")):
            if ratio >= bound if self.is_floor else ratio <= bound:
                return word
        return "missed"


def at_least(must: float, aim: float) -> Bounds:
    return Bounds(must, aim, is_floor=True)


def at_most(must: float, aim: float) -> Bounds:
    return Bounds(must, aim, is_floor=False)


class Goal(NamedTuple):
    name: str
    files: str
    """The comparisons that it is read from, separated by spaces."""
    bounds: Bounds
    measure: Measure


class GoalResult(NamedTuple):
    goal: Goal
    measured: Measured | None
    """None when it was not measured."""

    @property
    def verdict(self) -> str:
        """`aim`, `must` or `missed`; `unsure` when the spread reaches over a bound."""
        if self.measured is None:
            return "not measured"
        ratio, spread = self.measured.ratio, self.measured.spread
        reach = 1 + (0 if isnan(spread) else spread)
        verdicts = {self.goal.bounds.met(bound) for bound in (ratio / reach, ratio, ratio * reach)}
        return verdicts.pop() if len(verdicts) == 1 else "unsure"


def goal_results(comparisons: Mapping[str, Comparison]) -> Iterator[GoalResult]:
    """`comparisons` by file. A goal without a file, or a side in it, was not measured."""
    for goal in GOALS:
        try:
            yield GoalResult(goal, goal.measure([comparisons[name] for name in goal.files.split()]))
        except KeyError:
            yield GoalResult(goal, None)


def _compared(ours: Sequence[Row], theirs: Sequence[Row], field: str, unit: str) -> Measured:
    one, other = middle(ours, field), middle(theirs, field)
    widest = max(spread(ours, field), spread(theirs, field))
    return Measured(one / other, f"{one:.4g} to {other:.4g} {unit}", widest)


def _messages(ours: str, theirs: str, field: str) -> Measure:
    """At the highest rate of ours."""

    def measure(comparisons: Sequence[Comparison]) -> Measured:
        a, b = (comparisons[0].rounds[side] for side in (ours, theirs))
        rate = max(row["rate"] for row in a)
        unit = f"{'µs' if field == 'cpu_sum' else 'ms'} at {rate:g}/s"
        return _compared(at_rate(a, rate), at_rate(b, rate), field, unit)

    return measure


def _figures(comparison: Comparison, side: str) -> list[Figures]:
    return [Figures.model_validate(row) for row in comparison.rounds[side]]


def _knee(comparisons: Sequence[Comparison]) -> Measured:
    sides = {name: _figures(comparisons[0], name) for name in ("parley", "ejabberd")}
    ours, theirs = (knee(rounds) for rounds in sides.values())
    unsure = [f"; {name} was disturbed above" for name, rounds in sides.items() if is_knee_unsure(rounds)]
    return Measured(ours / theirs, f"{ours:g}/s to {theirs:g}/s{''.join(unsure)}", inf if unsure else nan)


def _cpu_at_knee(comparisons: Sequence[Comparison]) -> Measured:
    """At ejabberd's knee rate; where Parley has no round there, at its own nearest below."""
    ours, theirs = (comparisons[0].rounds[side] for side in ("parley", "ejabberd"))
    rate = knee(_figures(comparisons[0], "ejabberd"))
    nearest = max(row["rate"] for row in ours if row["rate"] <= rate)
    return _compared(at_rate(ours, nearest), at_rate(theirs, rate), "cpu_sum", f"µs at {nearest:g}/s")


def _ratio(field: str, ours: str, theirs: str, unit: str) -> Measure:
    """Of any scenario's rounds; with two files our side is the second file's."""
    return lambda files: _compared(files[-1].rounds[ours], files[0].rounds[theirs], field, unit)


def _frames(members: int) -> Measure:
    return _ratio("server", f"parley {members}", f"stock {members}", "µs")


_PAGES = _ratio("per_second", "history", "bare", "pages/s")
_SOCKETS = _ratio("kib", "parley idle", "stock idle", "KiB")
_EVENTS = _ratio("per_second", "parley", "faust", "events/s")
_SENDS_GROWTH = _messages("parley-stored-10", "parley-stored", "p50")
_PAGES_GROWTH = _ratio("p50", "history", "history", "ms a page")


def _to(peer: str, field: str) -> Measure:
    return _messages("parley", peer, field)


GOALS = (
    Goal("W1 knee, to ejabberd", "w1-knee", at_least(1.2, 2.5), _knee),
    Goal("W1 at 200/s, p50, to ejabberd", "w1-latency", at_most(2, 1.25), _to("ejabberd", "p50")),
    Goal("W1 at 200/s, p99, to ejabberd", "w1-latency", at_most(2, 1), _to("ejabberd", "p99")),
    Goal("W1 CPU a message at ejabberd's knee", "w1-knee", at_most(1.6, 1), _cpu_at_knee),
    Goal("20/s, p50, to Synapse", "w1-synapse", at_most(1 / 10, 1 / 20), _to("synapse", "p50")),
    Goal("20/s, CPU a message, to Synapse", "w1-synapse", at_most(1 / 8, 1 / 15), _to("synapse", "cpu_sum")),
    Goal("W2 pages/s, to a bare page", "pages", at_least(0.4, 0.7), _PAGES),
    Goal("W4 memory a socket, to stock FastAPI", "fanout", at_most(1, 0.6), _SOCKETS),
    Goal("W5 CPU a frame, 100 members, to stock", "fanout", at_most(1, 0.5), _frames(100)),
    Goal("W5 CPU a frame, 1,000 members, to stock", "fanout", at_most(1, 0.5), _frames(1000)),
    Goal("W6 events/s, to a no-op Faust agent", "catch_up", at_least(3, 5), _EVENTS),
    Goal("W8 sends, p50, at 10× data", "w1-growth", at_most(1.2, 1.05), _SENDS_GROWTH),
    Goal("W8 history page, p50, at 10× data", "pages pages-10", at_most(1.2, 1.05), _PAGES_GROWTH),
)
