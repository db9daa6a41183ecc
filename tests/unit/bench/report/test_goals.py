from datetime import UTC, datetime
from math import isnan
from typing import Any

from bench.measure.figures import Figures
from bench.report.goals import GOALS, GoalResult, goal_results
from bench.report.results import Comparison
from tests.unit.bench.scenarios.test_message_rounds import figures


def comparison(**rounds: list[Any]) -> Comparison:
    by_side = {
        name.replace("_", " "): [each.model_dump() if isinstance(each, Figures) else each for each in sides]
        for name, sides in rounds.items()
    }
    return Comparison(when=datetime.now(UTC), machine="a loom", settings={}, rounds=by_side)


def result_of(files: dict[str, Comparison], name: str) -> GoalResult:
    (result,) = (result for result in goal_results(files) if result.goal.name == name)
    return result


def ratio(result: GoalResult) -> float:
    assert result.measured
    return round(result.measured.ratio, 3)


def test_a_goal_without_a_comparison_is_not_measured() -> None:
    assert {result.verdict for result in goal_results({})} == {"not measured"}
    assert len(list(goal_results({}))) == len(GOALS)


def test_a_ceiling_is_met_from_below_and_a_floor_from_above() -> None:
    pages = {"history": [{"per_second": 500.0}], "bare": [{"per_second": 1000.0}]}
    assert result_of({"pages": comparison(**pages)}, "W2 pages/s, to a bare page").verdict == "must"
    slow = comparison(parley=[figures(200, 30)], ejabberd=[figures(200, 10)])
    result = result_of({"w1-latency": slow}, "W1 at 200/s, p99, to ejabberd")
    assert (result.verdict, ratio(result)) == ("missed", 3)
    quick = comparison(parley=[figures(200, 9)], ejabberd=[figures(200, 10)])
    assert result_of({"w1-latency": quick}, "W1 at 200/s, p99, to ejabberd").verdict == "aim"


def test_no_claim_is_smaller_than_the_spread() -> None:
    shaky = comparison(
        parley=[figures(200, p99) for p99 in (15, 25, 25, 15)], ejabberd=[figures(200, 10)] * 4
    )
    result = result_of({"w1-latency": shaky}, "W1 at 200/s, p99, to ejabberd")
    assert (ratio(result), result.verdict) == (2, "unsure")


def test_cpu_is_compared_where_the_peer_has_its_knee() -> None:
    ours = [figures(400, cpu=2000), figures(800, cpu=1500), figures(1600, cpu=900)]
    theirs = [figures(400, cpu=1000), figures(800, cpu=1000), figures(1600, 300, cpu=10)]
    files = {"w1-knee": comparison(parley=ours, ejabberd=theirs)}
    assert ratio(result_of(files, "W1 CPU a message at ejabberd's knee")) == 1.5
    assert ratio(result_of(files, "W1 knee, to ejabberd")) == 2


def test_a_knee_below_a_disturbed_rate_is_not_claimed() -> None:
    ours = [figures(800), figures(1000)]
    theirs = [figures(800), figures(1000, 300, "steal 4.6%")]
    result = result_of({"w1-knee": comparison(parley=ours, ejabberd=theirs)}, "W1 knee, to ejabberd")
    assert (ratio(result), result.verdict) == (1.25, "unsure")
    assert result.measured
    assert result.measured.of == "1000/s to 800/s; ejabberd was disturbed above"
    theirs[1] = figures(1000, 300)
    result = result_of({"w1-knee": comparison(parley=ours, ejabberd=theirs)}, "W1 knee, to ejabberd")
    assert (ratio(result), result.verdict) == (1.25, "must")


def test_a_void_round_is_not_compared() -> None:
    rounds = [{"server": 100.0, "marks": []}, {"server": 9.0, "marks": ["lost 1"]}]
    files = {"fanout": comparison(parley_100=rounds, stock_100=[{"server": 50.0, "marks": []}])}
    assert ratio(result_of(files, "W5 CPU a frame, 100 members, to stock")) == 2


def test_growth_is_ten_times_the_data_to_once() -> None:
    once, ten = comparison(history=[{"p50": 2.0}]), comparison(history=[{"p50": 2.2}])
    assert ratio(result_of({"pages": once, "pages-10": ten}, "W8 history page, p50, at 10× data")) == 1.1
    stacks = {"parley-stored": [figures(200, 10)], "parley-stored-10": [figures(200, 11)]}
    assert ratio(result_of({"w1-growth": comparison(**stacks)}, "W8 sends, p50, at 10× data")) == 1.1


def test_a_round_without_a_number_is_still_read_back() -> None:
    silent = figures().model_copy(update={"accepted_p50": float("nan")})
    again = Comparison.model_validate_json(comparison(ejabberd=[silent]).model_dump_json())
    assert isnan(Figures.model_validate(again.rounds["ejabberd"][0]).accepted_p50)
