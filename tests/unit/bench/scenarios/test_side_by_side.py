from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bench.measure.figures import Figures
from bench.report.results import Middle, control
from bench.scenarios.side_by_side import Race, knee, turns


def figures(rate: float = 200, p99: float = 10, *marks: str, lost: int = 0, cpu: float = 1000) -> Figures:
    zero = dict.fromkeys(("doubled", "misordered", "refused", "closed", "rows_wrong"), 0)
    times = {"p50": p99 / 2, "p90": p99, "p99": p99, "max": p99, "accepted_p50": 1.0, "lateness_p99": 0.1}
    machine = {"steal": 0.0, "others": 0.0}
    marked = [*marks, *([f"lost {lost}"] if lost else [])]
    told = {"rate": rate, "sent": 1, "achieved": 1, "cpu": {}, "cpu_sum": cpu, "marks": marked}
    return Figures.model_validate({**told, **zero, **times, **machine, "lost": lost})


@dataclass
class Side:
    """Plays what it was told to."""

    name: str
    play: Callable[[float], Figures]
    rates: list[float] = field(default_factory=list)

    def round(self, rate: float, seconds: float) -> Figures:
        self.rates.append(rate)
        return self.play(rate)


def quiet(name: str, figures: Figures) -> None:
    pass


def test_turns_go_there_and_back_again() -> None:
    assert "".join(turns("AB", 4)) == "ABBAABBA"


def test_a_disturbed_round_is_tried_again_and_a_faulty_one_stands() -> None:
    shaken = iter([figures(200, 10, "steal 5 %"), figures(), figures()])
    one = Side("one", lambda rate: next(shaken))
    other = Side("other", lambda rate: figures(lost=1))
    race = Race([one, other], 2, 1, quiet)
    race.at(200)
    told = race.told
    assert [len(one.rates), len(other.rates)] == [3, 2]
    assert [each.marks for each in told["one"]] == [[], []]
    assert [each.lost for each in told["other"]] == [1, 1]


def test_a_target_climbs_no_further_than_the_first_rate_it_cannot_carry() -> None:
    weak = Side("weak", lambda rate: figures(rate, 300 if rate > 400 else 20))
    strong = Side("strong", figures)
    race = Race([weak, strong], 2, 1, quiet)
    race.rising([200, 400, 800, 1600])
    told = race.told
    assert max(weak.rates) == 800
    assert knee(told["weak"]) == 400
    assert knee(told["strong"]) == 1600


def test_a_rate_that_lost_anything_is_not_carried_however_fast_it_was() -> None:
    assert knee([figures(200), figures(400, 10, lost=1), figures(800)]) == 200


def test_a_disturbed_round_says_nothing_of_a_rate() -> None:
    late = figures(200, 10, "driver late 20 ms")
    assert knee([late]) == 0
    assert knee([late, figures(200)]) == 200
    assert knee([late, figures(200, 300)]) == 0
    assert knee([late, late, figures(200)]) == 0


def test_the_middle_leaves_out_what_does_not_count() -> None:
    middle = Middle.of_rounds([figures(200, 10), figures(200, 90, "steal 5 %"), figures(200, 20)])
    assert (middle.p99, middle.rounds, middle.of) == (15, 2, 3)


def test_the_control_is_how_far_a_target_is_from_itself() -> None:
    same = [figures(cpu=1000)] * 4
    assert control(same).cpu == 0
    drifting = [figures(cpu=cpu) for cpu in (1000, 1100, 1100, 1000)]
    assert control(drifting).cpu == pytest.approx(0.1)
