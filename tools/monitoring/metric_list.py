"""The metrics that docs/metrics.md lists."""

import re
from pathlib import Path
from typing import NamedTuple

from tools.monitoring.cause_alerts import COMPONENTS

METRICS_PAGE = Path("docs/metrics.md")
_ROW = re.compile(
    r"^\| `(?P<name>[a-z_0-9]+)` \| (?P<kind>\w+) \| (?P<labels>[^|]*) \| (?P<of>[^|]*) \|", re.MULTILINE
)
_EXPORTER_ROW = re.compile(r"^\| `(?P<name>[a-z_0-9]+)` \| (?P<exporter>[^|]*) \|[^|]*\|$", re.MULTILINE)
_SERIES = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}


class Metric(NamedTuple):
    name: str
    kind: str
    """counter, gauge, histogram or summary."""
    labels: frozenset[str]
    of: frozenset[str]
    """The components that expose it."""

    @property
    def series(self) -> frozenset[str]:
        """The names of its series."""
        return frozenset(self.name + suffix for suffix in _SERIES.get(self.kind, ("",)))


def listed(page: Path = METRICS_PAGE) -> dict[str, Metric]:
    """Return Parley's own metrics, by name."""
    rows = _ROW.finditer(page.read_text())
    return {
        row["name"]: Metric(row["name"], row["kind"], _words(row["labels"]), _components(row["of"]))
        for row in rows
    }


def of_exporters(page: Path = METRICS_PAGE) -> frozenset[str]:
    """Return the names of the series that alerts and dashboards take from exporters."""
    return frozenset(row["name"] for row in _EXPORTER_ROW.finditer(page.read_text()))


def _components(cell: str) -> frozenset[str]:
    words = _words(cell)
    return frozenset(COMPONENTS) if words == {"all"} else words


def _words(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z_]+", cell))
