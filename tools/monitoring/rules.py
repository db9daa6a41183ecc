"""Recording rules and alerts, and how they are written to files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

RUNBOOKS = "docs/operations/runbooks"
"""Folder of the repository with a page for each alert."""

NAMESPACE = "{{ with $labels.namespace }}{{ . }}: {{ end }}"
"""Begins a summary: which deployment it is about, where there are several."""

TARGET = "{{ $labels.component }} {{ $labels.instance }}"

Severity = Literal["page", "ticket"]
"""`page`: wake a person now. `ticket`: look at it on the next working day."""


@dataclass(frozen=True)
class Recording:
    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self, _: str = "") -> dict[str, Any]:
        labels = {"labels": dict(self.labels)} if self.labels else {}
        return {"record": self.record, "expr": self.expr, **labels}


@dataclass(frozen=True)
class Alert:
    name: str
    severity: Severity
    expr: str
    summary: str
    """One line; may refer to labels."""
    description: str
    """What to know before the runbook is opened."""
    hold: str = ""
    """How long the expression must hold before the alert fires; empty: not at all."""
    dashboard: str = "parley-overview"
    """The uid of the dashboard to look at first."""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The file name of its runbook."""
        return f"{kebab(self.name)}.md"

    def annotations(self, base: str = "") -> dict[str, str]:
        """`base`: where the repository's files are read, like https://git.example/parley/blob/main/."""
        return {
            "summary": self.summary,
            "description": self.description,
            "dashboard": self.dashboard,
            "runbook_url": f"{base}{RUNBOOKS}/{self.page}",
        }

    def document(self, base: str = "") -> dict[str, Any]:
        return {
            "alert": self.name,
            "expr": self.expr,
            **({"for": self.hold} if self.hold else {}),
            "labels": {"severity": self.severity, **self.labels},
            "annotations": self.annotations(base),
        }


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated together, in this order."""

    name: str
    rules: Sequence[Recording | Alert]

    def document(self, base: str = "") -> dict[str, Any]:
        return {"name": self.name, "rules": [rule.document(base) for rule in self.rules]}

    def alerts(self) -> Iterator[Alert]:
        return (rule for rule in self.rules if isinstance(rule, Alert))


def kebab(name: str) -> str:
    """Return ParleySendsFailing as parley-sends-failing."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def one_line(expression: str) -> str:
    """Return the expression without its indentation."""
    return re.sub(r"\s+", " ", expression).strip()


class _Dumper(yaml.SafeDumper):
    """Indents lists, and gives each key a line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def to_yaml(document: object, header: str) -> str:
    """Return the document as YAML below a comment."""
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return f"# {header}\n{body}"
