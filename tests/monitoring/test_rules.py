"""The rules, held against promtool: each alert fires when it should, and stays silent when it should not."""

from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from tests.monitoring import promtool
from tests.monitoring.rule_scenarios import Scenario, scenarios
from tools.monitoring import objectives
from tools.monitoring.documents import FOLDER, Options, alerts

RULES = [path.absolute() for path in sorted(FOLDER.glob("rules/*.yaml"))]


@pytest.fixture(scope="module")
def options() -> Options:
    return Options(objectives.load())


def test_promtool_finds_no_fault_in_the_rules() -> None:
    assert "SUCCESS" in promtool.run("check", "rules", "--lint-fatal", *map(str, RULES))


def test_the_operators_resource_holds_the_same_rules(tmp_path: Path) -> None:
    resource = yaml.safe_load((FOLDER / "prometheus-rule.yaml").read_text())
    files = [yaml.safe_load(path.read_text())["groups"] for path in RULES]
    groups = {group["name"]: group for groups in files for group in groups}
    assert {group["name"]: group for group in resource["spec"]["groups"]} == groups


def test_every_alert_has_a_scenario_that_fires_and_one_that_stays_silent(options: Options) -> None:
    covered: dict[tuple[str, str], set[bool]] = defaultdict(set)
    for scenario in scenarios():
        covered[scenario.alert, scenario.severity].add(bool(scenario.fires))
    assert dict(covered) == {(alert.name, alert.severity): {True, False} for alert in alerts(options)}


def test_every_scenario_fires_exactly_the_alerts_that_it_names(tmp_path: Path, options: Options) -> None:
    promtool.run_scenarios(scenarios(), options, tmp_path)


def test_a_scenario_that_expects_what_does_not_happen_fails(tmp_path: Path, options: Options) -> None:
    never = Scenario("ParleyWrongLog", "page", "without any log", {}, "5m", [{"namespace": "chat"}])
    with pytest.raises(AssertionError, match="ParleyWrongLog"):
        promtool.run_scenarios([never], options, tmp_path)
