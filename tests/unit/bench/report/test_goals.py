from datetime import UTC, datetime
from math import isnan
from typing import Any

from bench.measure.figures import Figures
from bench.report.goals import GOALS, Reached, reached
from bench.report.results import Kept
from tests.unit.bench.scenarios.test_side_by_side import figures


def kept(**rounds: list[Any]) -> Kept:
    told = {
        name.replace("_", " "): [each.model_dump() if isinstance(each, Figures) else each for each in seen]
        for name, seen in rounds.items()
    }
    return Kept(when=datetime.now(UTC), machine="a loom", settings={}, rounds=told)


def of(files: dict[str, Kept], name: str) -> Reached:
    (found,) = (each for each in reached(files) if each.goal.name == name)
    return found


def ratio(found: Reached) -> float:
    assert found.found
    return round(found.found.ratio, 3)


def test_what_was_not_measured_is_said_so() -> None:
    assert {each.verdict for each in reached({})} == {"not measured"}
    assert len(list(reached({}))) == len(GOALS)


def test_a_ceiling_is_met_from_below_and_a_floor_from_above() -> None:
    pages = {"history": [{"per_second": 500.0}], "bare": [{"per_second": 1000.0}]}
    assert of({"pages": kept(**pages)}, "W2 pages/s, to a bare page").verdict == "must"
    slow = kept(parley=[figures(200, 30)], ejabberd=[figures(200, 10)])
    found = of({"w1-latency": slow}, "W1 at 200/s, p99, to ejabberd")
    assert (found.verdict, ratio(found)) == ("missed", 3)
    quick = kept(parley=[figures(200, 9)], ejabberd=[figures(200, 10)])
    assert of({"w1-latency": quick}, "W1 at 200/s, p99, to ejabberd").verdict == "aim"


def test_no_claim_is_smaller_than_the_spread() -> None:
    shaky = kept(parley=[figures(200, p99) for p99 in (15, 25, 25, 15)], ejabberd=[figures(200, 10)] * 4)
    found = of({"w1-latency": shaky}, "W1 at 200/s, p99, to ejabberd")
    assert (ratio(found), found.verdict) == (2, "unsure")


def test_cpu_is_compared_where_the_peer_has_its_knee() -> None:
    ours = [figures(400, cpu=2000), figures(800, cpu=1500), figures(1600, cpu=900)]
    theirs = [figures(400, cpu=1000), figures(800, cpu=1000), figures(1600, 300, cpu=10)]
    files = {"w1-knee": kept(parley=ours, ejabberd=theirs)}
    assert ratio(of(files, "W1 CPU a message at ejabberd's knee")) == 1.5
    assert ratio(of(files, "W1 knee, to ejabberd")) == 2


def test_a_knee_below_a_disturbed_rate_is_not_claimed() -> None:
    ours = [figures(800), figures(1000)]
    theirs = [figures(800), figures(1000, 300, "steal 4.6%")]
    found = of({"w1-knee": kept(parley=ours, ejabberd=theirs)}, "W1 knee, to ejabberd")
    assert (ratio(found), found.verdict) == (1.25, "unsure")
    assert found.found
    assert found.found.of == "1000/s to 800/s; ejabberd was disturbed above"
    theirs[1] = figures(1000, 300)
    found = of({"w1-knee": kept(parley=ours, ejabberd=theirs)}, "W1 knee, to ejabberd")
    assert (ratio(found), found.verdict) == (1.25, "must")


def test_a_void_round_is_not_compared() -> None:
    told = [{"server": 100.0, "marks": []}, {"server": 9.0, "marks": ["lost 1"]}]
    files = {"fanout": kept(parley_100=told, stock_100=[{"server": 50.0, "marks": []}])}
    assert ratio(of(files, "W5 CPU a frame, 100 members, to stock")) == 2


def test_growth_is_ten_times_the_data_to_once() -> None:
    once, ten = kept(history=[{"p50": 2.0}]), kept(history=[{"p50": 2.2}])
    assert ratio(of({"pages": once, "pages-10": ten}, "W8 history page, p50, at 10× data")) == 1.1
    stacks = {"parley-stored": [figures(200, 10)], "parley-stored-10": [figures(200, 11)]}
    assert ratio(of({"w1-growth": kept(**stacks)}, "W8 sends, p50, at 10× data")) == 1.1


def test_what_has_no_number_is_still_read_back() -> None:
    silent = figures().model_copy(update={"accepted_p50": float("nan")})
    again = Kept.model_validate_json(kept(ejabberd=[silent]).model_dump_json())
    assert isnan(Figures.model_validate(again.rounds["ejabberd"][0]).accepted_p50)
