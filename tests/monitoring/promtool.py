"""Checks rules and runs scenarios with promtool."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.local import programs
from tests.monitoring.rule_scenarios import Scenario
from tools.monitoring.documents import Options, rule_groups
from tools.monitoring.rules import Alert, to_yaml


def run(*arguments: str, given: str | None = None) -> str:
    """Return what promtool prints; fail with it when it finds a fault."""
    command = [str(programs.find("promtool")), *arguments]
    result = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    return output


def run_scenarios(scenarios: Sequence[Scenario], options: Options, folder: Path) -> None:
    """Run each scenario on the group of rules that its alert is in; fail when another alert fires than it
    names. `folder` gets promtool's files."""
    groups = [group for groups in rule_groups(options).values() for group in groups]
    paths = []
    for group in groups:
        names = {alert.name for alert in group.alerts()}
        rules = folder / f"{group.name}.yaml"
        rules.write_text(to_yaml({"groups": [group.document()]}, "one group"))
        for interval in sorted({each.interval for each in scenarios}):
            of_group = [each for each in scenarios if each.alert in names and each.interval == interval]
            if of_group:
                paths.append(folder / f"{group.name}-{interval}.yaml")
                paths[-1].write_text(_unit_tests(rules, of_group, list(group.alerts()), interval))
    assert run("test", "rules", *map(str, paths)).count("SUCCESS") == len(paths)


def _unit_tests(rules: Path, scenarios: Sequence[Scenario], alerts: Sequence[Alert], interval: str) -> str:
    document = {
        "rule_files": [str(rules)],
        "evaluation_interval": interval,
        "tests": [_unit_test(scenario, alerts) for scenario in scenarios],
    }
    return yaml.safe_dump(document, sort_keys=False, width=1_000)


def _unit_test(scenario: Scenario, alerts: Sequence[Alert]) -> dict[str, Any]:
    severities = {scenario.severity, *scenario.fires_too}
    firing = [alert for alert in alerts if alert.name == scenario.alert and alert.severity in severities]
    expected = [_expected(alert, labels) for labels in scenario.fires for alert in firing]
    return {
        "name": f"{scenario.alert} ({scenario.severity}): {scenario.title}",
        "interval": scenario.interval,
        "input_series": [{"series": name, "values": values} for name, values in scenario.series.items()],
        "alert_rule_test": [{"eval_time": scenario.at, "alertname": scenario.alert, "exp_alerts": expected}],
    }


def _expected(alert: Alert, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "exp_labels": {"severity": alert.severity, **alert.labels, **labels},
        "exp_annotations": {name: _render(text, labels) for name, text in alert.annotations().items()},
    }


def _render(template: str, labels: dict[str, str]) -> str:
    """Fill in labels as Prometheus does; summaries use nothing else."""
    namespace = labels.get("namespace", "")
    text = re.sub(r"\{\{ with .+?\}\}.*?\{\{ end \}\}", f"{namespace}: " if namespace else "", template)
    return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: labels.get(match[1], ""), text)
