"""What a dashboard consists of, and its JSON. Positions follow from the order: two charts side by side."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, text, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DataSourceRef

DATA_SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
RATE = "[$__rate_interval]"
HERE = 'namespace=~"$namespace"'
"""Selects the deployments that are shown."""
_COLUMNS = 24
_CHART_HEIGHT, _STAT_HEIGHT, _TEXT_HEIGHT = 8, 4, 6


@dataclass(frozen=True)
class Series:
    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Chart:
    """A panel over time; as `stat` the newest value alone."""

    title: str
    description: str
    series: Sequence[Series]
    unit: str = "short"
    """Of Grafana: s, percentunit, ops, bytes."""
    is_stat: bool = False


@dataclass(frozen=True)
class Row:
    title: str
    charts: Sequence[Chart]


@dataclass(frozen=True)
class Page:
    """One dashboard. Its uid never changes: links and bookmarks lead there."""

    uid: str
    title: str
    rows: Sequence[Row]
    runbooks: Sequence[str]
    """The alerts that begin here, by name."""
    links: Sequence[tuple[str, str]] = ()
    """Title and path in the repository of further pages."""

    @property
    def charts(self) -> list[Chart]:
        return [chart for row in self.rows for chart in row.charts]


def to_json(page: Page, runbook_url: dict[str, str]) -> str:
    """Return the dashboard as Grafana imports it. `runbook_url`: by alert."""
    return JSONEncoder(sort_keys=True, indent=2).encode(_build(page, runbook_url)) + "\n"


def quantile(quantile: float, histogram: str, selector: str = HERE, by: str = "") -> str:
    """Return a quantile of a histogram over the rate interval, by the labels `by`."""
    labels = f"{by}, le" if by else "le"
    rate = f"sum by ({labels}) (rate({histogram}_bucket{{{selector}}}{RATE}))"
    return f"histogram_quantile({quantile:g}, {rate})"


def rate(counter: str, by: str = "", selector: str = HERE) -> str:
    """Return how fast a counter grows a second, by the labels `by`."""
    grouping = f"by ({by}) " if by else ""
    return f"sum {grouping}(rate({counter}{{{selector}}}{RATE}))"


def _build(page: Page, runbook_url: dict[str, str]) -> Any:
    builder = (
        dashboard.Dashboard(page.title)
        .uid(page.uid)
        .tags(["parley"])
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("utc")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(
            dashboard.QueryVariable("namespace")
            .label("Namespace")
            .datasource(DATA_SOURCE)
            .query("label_values(parley_build_info, namespace)")
            .multi(True)
            .include_all(True)
            .all_value(".*")
        )
        .link(
            dashboard.DashboardLink("Parley")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["parley"])
            .as_dropdown(True)
            .keep_time(True)
            .include_vars(True)
        )
    )
    ids = itertools.count(1)
    for row in page.rows:
        builder = builder.with_row(dashboard.Row(row.title).id(next(ids)))
        for chart in row.charts:
            builder = builder.with_panel(_panel(chart, next(ids)))
    builder = builder.with_row(dashboard.Row("What to do").id(next(ids)))
    return builder.with_panel(_what_to_do(page, runbook_url, next(ids))).build()


def _panel(chart: Chart, panel_id: int) -> Any:
    width, height = (_COLUMNS // 4, _STAT_HEIGHT) if chart.is_stat else (_COLUMNS // 2, _CHART_HEIGHT)
    panel = stat.Panel() if chart.is_stat else timeseries.Panel().fill_opacity(10)
    panel = (
        panel.id(panel_id)
        .title(chart.title)
        .description(chart.description)
        .unit(chart.unit)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(height)
    )
    for index, series in enumerate(chart.series):
        query = prometheus.Dataquery().expr(series.expr).legend_format(series.legend or "__auto")
        query = query.ref_id(chr(ord("A") + index)).datasource(DATA_SOURCE)
        panel = panel.with_target(query.instant() if chart.is_stat else query.range())
    return panel


def _what_to_do(page: Page, runbook_url: dict[str, str], panel_id: int) -> Any:
    alerts = [f"* [{name}]({runbook_url[name]})" for name in page.runbooks]
    more = [f"* [{title}]({path})" for title, path in page.links]
    return (
        text.Panel()
        .id(panel_id)
        .title("Runbooks of the alerts that begin here")
        .content("\n".join([*alerts, *more]))
        .span(_COLUMNS)
        .height(_TEXT_HEIGHT)
    )
