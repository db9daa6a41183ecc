"""deploy/monitoring is what the generator makes, and complete."""

import json
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from deploy.local.paths import ROOT
from tools.monitoring import documents, expressions, metric_list, objectives, runbooks
from tools.monitoring.dashboards.pages import pages
from tools.monitoring.documents import Options
from tools.monitoring.durations import Durations
from tools.monitoring.rules import RUNBOOKS, Alert, Recording, kebab


@pytest.fixture
def options() -> Options:
    return Options(objectives.load(ROOT / objectives.SLO_FILE))


def test_the_files_in_the_repository_are_what_is_generated(options: Options) -> None:
    assert list(documents.stale(options, ROOT / documents.FOLDER)) == []


def test_a_file_that_was_changed_or_is_left_over_or_missing_is_stale(
    options: Options, tmp_path: Path
) -> None:
    documents.write(options, tmp_path)
    assert list(documents.stale(options, tmp_path)) == []
    (tmp_path / "rules/causes.yaml").write_text("groups: []\n")
    (tmp_path / "rules/old.yaml").write_text("groups: []\n")
    (tmp_path / "dashboards/parley-path.json").unlink()
    stale = {Path(path).name for path in documents.stale(options, tmp_path)}
    assert stale == {"causes.yaml", "old.yaml", "parley-path.json"}
    documents.write(options, tmp_path)
    assert list(documents.stale(options, tmp_path)) == []


def test_every_alert_has_what_the_person_who_gets_it_needs(options: Options) -> None:
    dashboards = {page.uid for page in pages(options.objectives)}
    for alert in documents.alerts(options):
        assert alert.severity in ("page", "ticket")
        assert alert.summary
        assert alert.description.endswith(".")
        assert alert.dashboard in dashboards
        assert alert.annotations()["runbook_url"] == f"docs/operations/runbooks/{kebab(alert.name)}.md"


def test_runbooks_are_reached_at_the_address_that_is_given(options: Options) -> None:
    at_a_site = Options(options.objectives, base="https://git.example/parley/")
    files = documents.generate(at_a_site)
    alert = yaml.safe_load(files["rules/causes.yaml"])["groups"][0]["rules"][0]
    expected = "https://git.example/parley/docs/operations/runbooks/parley-component-down.md"
    assert alert["annotations"]["runbook_url"] == expected
    assert expected in files["dashboards/parley-overview.json"]


def test_alerts_and_runbooks_are_complete_in_both_directions(options: Options) -> None:
    assert list(runbooks.faults(documents.alerts(options), ROOT / RUNBOOKS)) == []


def test_a_missing_page_a_page_left_over_and_a_page_without_its_sections_are_faults(tmp_path: Path) -> None:
    alerts = [Alert(name, "page", "up", "s", "d.") for name in ("ParleyMissing", "ParleyShort")]
    (tmp_path / "parley-short.md").write_text("# ParleyShort\n\n## What it means\n")
    (tmp_path / "parley-gone.md").write_text("")
    missing, left_over, short = runbooks.faults(alerts, tmp_path)
    assert missing.endswith("parley-missing.md is missing")
    assert left_over.endswith("parley-gone.md belongs to no alert")
    assert "parley-short.md must have the sections" in short


def test_the_index_of_runbooks_lists_every_page() -> None:
    folder = ROOT / RUNBOOKS
    index = (folder / runbooks.INDEX).read_text()
    assert all(f"({path.name})" in index for path in folder.glob("parley-*.md"))


def test_every_expression_parses_and_names_only_metrics_that_are_listed(options: Options) -> None:
    assert list(expressions.faults(options)) == []


def test_a_metric_that_is_not_listed_and_a_broken_expression_are_found() -> None:
    assert expressions.names("rate(gateway_sockets[5m]) / (a + sum by (x) (b offset 1h))") == {
        "gateway_sockets",
        "a",
        "b",
    }
    with pytest.raises(ValueError, match=r"."):
        expressions.names("sum by (namespace (up))")


def test_every_dashboard_has_its_variables_a_stable_uid_and_a_row_what_to_do(options: Options) -> None:
    files = {
        Path(name).stem: content for name, content in documents.generate(options).items() if ".json" in name
    }
    for uid, content in files.items():
        dashboard = json.loads(content)
        assert dashboard["uid"] == uid
        assert [each["name"] for each in dashboard["templating"]["list"]] == ["datasource", "namespace"]
        panels = dashboard["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        assert [panel["title"] for panel in panels if panel["type"] == "row"][-1] == "What to do"
        charts = [panel for panel in panels if panel["type"] not in ("row", "text")]
        assert all(panel["datasource"]["uid"] == "$datasource" for panel in charts)
        assert all(panel["description"] and panel["targets"] for panel in charts)
        assert "docs/operations/runbooks/" in panels[-1]["options"]["content"]


def test_every_alert_is_named_on_a_dashboard(options: Options) -> None:
    named = {name for page in pages(options.objectives) for name in page.runbooks}
    assert named == {alert.name for alert in documents.alerts(options)}


def test_panels_do_not_overlap(options: Options) -> None:
    for name, content in documents.generate(options).items():
        if not name.endswith(".json"):
            continue
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(content)["panels"]:
            place = panel["gridPos"]
            cells = {
                (place["x"] + column, place["y"] + line)
                for column in range(place["w"])
                for line in range(place["h"])
            }
            assert not cells & taken, f"{name}: {panel['title']}"
            assert max(column for column, _ in cells) < 24, f"{name}: {panel['title']}"
            taken |= cells


def test_recording_rules_are_named_level_metric_operation(options: Options) -> None:
    for groups in documents.rule_groups(options).values():
        for rule in (rule for group in groups for rule in group.rules if isinstance(rule, Recording)):
            level, metric, operation = rule.record.split(":")
            assert (level, metric.startswith("parley_")) == ("namespace", True)
            assert operation.startswith("ratio_")


def test_the_page_of_metrics_lists_no_metric_twice_and_exporters_apart() -> None:
    rows = (ROOT / metric_list.METRICS_PAGE).read_text().count("\n| `")
    listed, exporters = metric_list.listed(), metric_list.of_exporters()
    assert rows == len(listed) + len(exporters) + len(("component", "namespace"))
    assert not listed.keys() & exporters


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"percent": 100}, "percent"),
        ({"good": "up"}, "give bad or good, not both"),
        ({"bad": None}, "give bad or good, not both"),
        ({"name": "Two Words"}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_file_of_objectives_that_is_not_right_is_refused(
    tmp_path: Path, change: dict[str, object], fault: str
) -> None:
    objective = {
        "name": "sends",
        "title": "Sends",
        "alert": "ParleySends",
        "percent": 99,
        "bad": "a_total",
        "total": "b_total",
        "summary": "no",
        "dashboard": "parley-path",
    }
    path = tmp_path / "slo.yaml"
    path.write_text(yaml.safe_dump({"window_days": 30, "objectives": [objective | change]}))
    with pytest.raises(ValidationError, match=fault):
        objectives.load(path)


def test_times_are_shortened_together() -> None:
    assert [Durations()(text) for text in ("5m", "3d")] == ["5m", "3d"]
    assert [Durations(60)(text) for text in ("5m", "1h", "30s")] == ["5000ms", "60000ms", "500ms"]
    with pytest.raises(ValueError, match="is not a range"):
        Durations(60)("5 minutes")
