"""Where to arrive, as ratios in one run, and how far it is: pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf, isnan, nan
from statistics import median
from typing import Any, NamedTuple

from bench.measure.figures import Figures
from bench.report.results import Kept, Middle, control, middles
from bench.scenarios.side_by_side import knee, knee_unsure


class Found(NamedTuple):
    ratio: float
    of: str
    """Which figures it is made of."""
    spread: float = float("nan")
    """How far a target is from itself, as a share."""


Measure = Callable[[Sequence[Kept]], Found]


class Bounds(NamedTuple):
    must: float
    aim: float
    floor: bool
    """Whether more is better; else these are ceilings."""

    def met(self, ratio: float) -> str:
        for bound, word in ((self.aim, "aim"), (self.must, "must")):
            if ratio >= bound if self.floor else ratio <= bound:
                return word
        return "missed"


def at_least(must: float, aim: float) -> Bounds:
    return Bounds(must, aim, floor=True)


def at_most(must: float, aim: float) -> Bounds:
    return Bounds(must, aim, floor=False)


class Goal(NamedTuple):
    name: str
    files: str
    """The comparisons that it is read from, separated by spaces."""
    bounds: Bounds
    measure: Measure


class Reached(NamedTuple):
    goal: Goal
    found: Found | None
    """None when it was not measured."""

    @property
    def verdict(self) -> str:
        """`aim`, `must` or `missed`; `unsure` when the spread reaches over a bound."""
        if self.found is None:
            return "not measured"
        ratio, spread = self.found.ratio, self.found.spread
        reach = 1 + (0 if isnan(spread) else spread)
        said = {self.goal.bounds.met(each) for each in (ratio / reach, ratio, ratio * reach)}
        return said.pop() if len(said) == 1 else "unsure"


def reached(kept: Mapping[str, Kept]) -> Iterator[Reached]:
    """`kept` by file. What lacks a file, or a target in it, was not measured."""
    for goal in GOALS:
        try:
            yield Reached(goal, goal.measure([kept[name] for name in goal.files.split()]))
        except KeyError:
            yield Reached(goal, None)


def _figures(kept: Kept, name: str) -> list[Figures]:
    return [Figures.model_validate(each) for each in kept.rounds[name]]


def _at(rounds: Sequence[Figures], rate: float) -> tuple[Middle, Sequence[Figures]]:
    mine = [each for each in rounds if each.rate == rate]
    return Middle.of_rounds(mine), mine


def _to(peer: str, field: str, ours: str = "parley") -> Measure:
    """One of Middle's, at the highest rate that is there."""

    def measure(kept: Sequence[Kept]) -> Found:
        return _compared(_figures(kept[0], ours), _figures(kept[0], peer), field)

    return measure


def _compared(a: Sequence[Figures], b: Sequence[Figures], field: str) -> Found:
    rate = max(each.rate for each in a)
    (mine, rounds), (theirs, others) = _at(a, rate), _at(b, rate)
    one, other = getattr(mine, field), getattr(theirs, field)
    spread = max(getattr(control(rounds), field), getattr(control(others), field))
    unit = "µs" if field == "cpu" else "ms"
    return Found(one / other, f"{one:.4g} to {other:.4g} {unit} at {rate:g}/s", spread)


def _knee(kept: Sequence[Kept]) -> Found:
    sides = {name: _figures(kept[0], name) for name in ("parley", "ejabberd")}
    ours, theirs = (knee(rounds) for rounds in sides.values())
    unsure = [f"; {name} was disturbed above" for name, rounds in sides.items() if knee_unsure(rounds)]
    return Found(ours / theirs, f"{ours:g}/s to {theirs:g}/s{''.join(unsure)}", inf if unsure else nan)


def _cpu_at_knee(kept: Sequence[Kept]) -> Found:
    """At ejabberd's knee rate; where Parley has no round there, at its own nearest below."""
    a, b = _figures(kept[0], "parley"), _figures(kept[0], "ejabberd")
    rate = knee(b)
    (theirs, others) = _at(b, rate)
    nearest = max(each.rate for each in middles(a) if each.rate <= rate)
    (mine, rounds) = _at(a, nearest)
    spread = max(control(rounds).cpu, control(others).cpu)
    return Found(mine.cpu / theirs.cpu, f"{mine.cpu:.0f} to {theirs.cpu:.0f} µs at {nearest:g}/s", spread)


def _ratio(field: str, ours: str, theirs: str, unit: str) -> Measure:
    def measure(kept: Sequence[Kept]) -> Found:
        sides = [_good(kept[0].rounds[name]) for name in (ours, theirs)]
        one, other = (median(each[field] for each in side) for side in sides)
        spread = max(_apart([each[field] for each in side]) for side in sides)
        return Found(one / other, f"{one:.4g} to {other:.4g} {unit}", spread)

    return measure


def _frames(members: int) -> Measure:
    return _ratio("server", f"parley {members}", f"stock {members}", "µs")


def _growth(kept: Sequence[Kept]) -> Found:
    """History at ten times the data to history at once, by the time of a page."""
    pages = [_good(each.rounds["history"]) for each in kept]
    one, ten = (median(each["p50"] for each in rounds) for rounds in pages)
    spread = max(_apart([each["p50"] for each in rounds]) for rounds in pages)
    return Found(ten / one, f"{ten:.3g} to {one:.3g} ms a page", spread)


def _good(rounds: Sequence[Any]) -> list[dict[str, Any]]:
    return [each for each in rounds if not each.get("marks")] or list(rounds)


def _apart(values: Sequence[float]) -> float:
    """A against A, as in `control`."""
    one = [value for n, value in enumerate(values) if n % 4 in (0, 3)]
    other = [value for n, value in enumerate(values) if n % 4 in (1, 2)]
    if not one or not other:
        return float("nan")
    a, b = median(one), median(other)
    return max(a, b) / min(a, b) - 1


_PAGES = _ratio("per_second", "history", "bare", "pages/s")
_SOCKETS = _ratio("kib", "parley idle", "stock idle", "KiB")
_EVENTS = _ratio("per_second", "parley", "faust", "events/s")
_GROWN = _to("parley-stored", "p50", "parley-stored-10")

GOALS = (
    Goal("W1 knee, to ejabberd", "w1-knee", at_least(1.2, 2.5), _knee),
    Goal("W1 at 200/s, p50, to ejabberd", "w1-latency", at_most(2, 1.25), _to("ejabberd", "p50")),
    Goal("W1 at 200/s, p99, to ejabberd", "w1-latency", at_most(2, 1), _to("ejabberd", "p99")),
    Goal("W1 CPU a message at ejabberd's knee", "w1-knee", at_most(1.6, 1), _cpu_at_knee),
    Goal("20/s, p50, to Synapse", "w1-synapse", at_most(1 / 10, 1 / 20), _to("synapse", "p50")),
    Goal("20/s, CPU a message, to Synapse", "w1-synapse", at_most(1 / 8, 1 / 15), _to("synapse", "cpu")),
    Goal("W2 pages/s, to a bare page", "pages", at_least(0.4, 0.7), _PAGES),
    Goal("W4 memory a socket, to stock FastAPI", "fanout", at_most(1, 0.6), _SOCKETS),
    Goal("W5 CPU a frame, 100 members, to stock", "fanout", at_most(1, 0.5), _frames(100)),
    Goal("W5 CPU a frame, 1,000 members, to stock", "fanout", at_most(1, 0.5), _frames(1000)),
    Goal("W6 events/s, to a no-op Faust agent", "catch_up", at_least(3, 5), _EVENTS),
    Goal("W8 sends, p50, at 10× data", "w1-growth", at_most(1.2, 1.05), _GROWN),
    Goal("W8 history page, p50, at 10× data", "pages pages-10", at_most(1.2, 1.05), _growth),
)
