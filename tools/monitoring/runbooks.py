"""The page of each alert: that each alert has one, and none is left over."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.monitoring.rules import RUNBOOKS, Alert

SECTIONS = (
    "What it means",
    "What users see",
    "Confirm",
    "What to do",
    "When to escalate",
)
"""Of every page, in this order."""
INDEX = "README.md"


def faults(alerts: Iterable[Alert], folder: Path = Path(RUNBOOKS)) -> Iterator[str]:
    """Yield what is wrong with the pages, a line each."""
    wanted = {alert.page for alert in alerts}
    present = {path.name for path in folder.glob("parley-*.md")}
    for page in sorted(wanted - present):
        yield f"{folder / page} is missing"
    for page in sorted(present - wanted):
        yield f"{folder / page} belongs to no alert"
    for page in sorted(wanted & present):
        yield from _section_faults(folder / page)


def _section_faults(path: Path) -> Iterator[str]:
    headings = [line.removeprefix("## ") for line in path.read_text().splitlines() if line.startswith("## ")]
    if [heading for heading in headings if heading in SECTIONS] != list(SECTIONS):
        yield f"{path} must have the sections: {', '.join(SECTIONS)}"
