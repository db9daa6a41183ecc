from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bench.measure.figures import Figures
from bench.measure.knee import knee
from bench.report.results import counting, middle, spread
from bench.scenarios.message_rounds import Race
from bench.scenarios.scenario import Recorder, turns


def figures(rate: float = 200, p99: float = 10, *marks: str, lost: int = 0, cpu: float = 1000) -> Figures:
    zero = dict.fromkeys(("doubled", "misordered", "refused", "closed", "rows_wrong"), 0)
    times = {"p50": p99 / 2, "p90": p99, "p99": p99, "max": p99, "accepted_p50": 1.0, "lateness_p99": 0.1}
    machine = {"steal": 0.0, "others": 0.0}
    all_marks = [*marks, *([f"lost {lost}"] if lost else [])]
    counts = {"rate": rate, "sent": 1, "achieved": 1, "cpu": {}, "cpu_sum": cpu, "marks": all_marks}
    return Figures.model_validate({**counts, **zero, **times, **machine, "lost": lost})


@dataclass
class ScriptedSide:
    """Returns the figures of a script."""

    name: str
    script: Callable[[float], Figures]
    rates: list[float] = field(default_factory=list)

    def round(self, rate: float, seconds: float) -> Figures:
        self.rates.append(rate)
        return self.script(rate)


def recorded(recorder: Recorder, side: str) -> list[Figures]:
    return [result for result in recorder.rounds[side] if isinstance(result, Figures)]


def test_turns_go_there_and_back_again() -> None:
    assert "".join(turns("AB", 4)) == "ABBAABBA"


def test_a_disturbed_round_is_repeated_and_a_faulty_one_stands() -> None:
    shaken = iter([figures(200, 10, "steal 5 %"), figures(), figures()])
    one = ScriptedSide("one", lambda rate: next(shaken))
    other = ScriptedSide("other", lambda rate: figures(lost=1))
    recorder = Recorder()
    Race([one, other], 2, 1, recorder).at([200])
    assert [len(one.rates), len(other.rates)] == [3, 2]
    assert [result.marks for result in recorded(recorder, "one")] == [[], []]
    assert [result.lost for result in recorded(recorder, "other")] == [1, 1]


def test_a_system_climbs_no_further_than_the_first_rate_it_cannot_carry() -> None:
    weak = ScriptedSide("weak", lambda rate: figures(rate, 300 if rate > 400 else 20))
    strong = ScriptedSide("strong", figures)
    recorder = Recorder()
    Race([weak, strong], 2, 1, recorder).rising([200, 400, 800, 1600])
    assert max(weak.rates) == 800
    assert knee(recorded(recorder, "weak")) == 400
    assert knee(recorded(recorder, "strong")) == 1600


def test_a_rate_that_lost_anything_is_not_carried_however_fast_it_was() -> None:
    assert knee([figures(200), figures(400, 10, lost=1), figures(800)]) == 200


def test_a_disturbed_round_decides_nothing_about_a_rate() -> None:
    late = figures(200, 10, "driver late 20 ms")
    assert knee([late]) == 0
    assert knee([late, figures(200)]) == 200
    assert knee([late, figures(200, 300)]) == 0
    assert knee([late, late, figures(200)]) == 0


def test_the_middle_leaves_out_rounds_that_do_not_count() -> None:
    rounds = [figures(200, 10), figures(200, 90, "steal 5 %"), figures(200, 20)]
    rows = [result.model_dump() for result in rounds]
    assert (middle(rows, "p99"), len(counting(rows)), len(rows)) == (15, 2, 3)
    void = [figures(200, 90, "steal 5 %").model_dump()]
    assert middle(void, "p99") == 90, "where no round counts, all do"


def test_the_spread_is_how_far_a_side_is_from_itself() -> None:
    same = [figures(cpu=1000).model_dump()] * 4
    assert spread(same, "cpu_sum") == 0
    drifting = [figures(cpu=cpu).model_dump() for cpu in (1000, 1100, 1100, 1000)]
    assert spread(drifting, "cpu_sum") == pytest.approx(0.1)
