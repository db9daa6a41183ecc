"""Every scenario's fields are options of the command line."""

from typing import Any

import pytest

from bench import cli
from bench.scenarios.compare import Compare
from bench.scenarios.fanout import Fanout
from bench.scenarios.rates import Knee
from bench.scenarios.restart import Restart
from bench.scenarios.scenario import Recorder, Scenario


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Scenario]:
    """The scenarios that the command line would run."""
    scenarios: list[Scenario] = []

    def run(scenario: Scenario) -> int:
        scenarios.append(scenario)
        return 0

    monkeypatch.setattr(cli, "_run", run)
    return scenarios


@pytest.mark.parametrize("name", [name for name in cli.SCENARIOS if name != "compare"])
def test_every_scenario_runs_with_its_defaults(name: str, started: list[Scenario]) -> None:
    assert cli.main([name]) == 0
    assert started == [cli.SCENARIOS[name]()]


@pytest.mark.parametrize(
    ("arguments", "scenario"),
    [
        (["knee", "--against", "ejabberd,synapse"], Knee(against=("ejabberd", "synapse"))),
        (["knee", "--rates", "20,40"], Knee(rates=(20, 40))),
        (["fanout", "--groups", "10:2,20:1"], Fanout(groups=((10, 2.0), (20, 1.0)))),
        (["restart", "--each", "1"], Restart(each=(1,))),
        (["compare", "--base", "../base", "--pairs", "20"], Compare(base="../base", pairs=20)),
    ],
)
def test_options_are_parsed(arguments: list[str], scenario: Scenario, started: list[Scenario]) -> None:
    cli.main(arguments)
    assert started == [scenario]


def test_a_comparison_needs_a_base(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["compare"])
    assert "--base" in capsys.readouterr().err


def test_a_broken_promise_fails_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    class Broken(Restart):
        """Restart without a stack."""

        def run(self, recorder: Recorder) -> None:
            recorder.failures.append("lost 3")

    monkeypatch.setitem(cli.SCENARIOS, "restart", Broken)
    assert cli.main(["restart"]) == 1
    assert capsys.readouterr().err == "bench: lost 3\n"
