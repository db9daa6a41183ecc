"""The PromQL of all rules and dashboards: that each parses, and names only metrics that exist."""

from collections.abc import Iterator

import promql_parser

from tools.monitoring import metric_list
from tools.monitoring.dashboards.pages import pages
from tools.monitoring.documents import Options, rule_groups
from tools.monitoring.rules import Alert, Recording

FOREIGN = frozenset({"up", "ALERTS"})
"""Prometheus' own."""


def of_dashboards(options: Options) -> Iterator[tuple[str, str]]:
    """Yield where each expression is, and the expression, with Grafana's variables."""
    for page in pages(options.objectives):
        for chart in page.charts:
            for series in chart.series:
                yield f"{page.uid}: {chart.title}", series.expr


def of_rules(options: Options) -> Iterator[tuple[str, str]]:
    """Yield the name of each rule, and its expression."""
    for groups in rule_groups(options).values():
        for group in groups:
            for rule in group.rules:
                yield rule.name if isinstance(rule, Alert) else rule.record, rule.expr


def fill_in(expression: str, rate_interval: str = "1m") -> str:
    """Replace Grafana's variables: all namespaces."""
    return expression.replace("$__rate_interval", rate_interval).replace("$namespace", ".*")


def names(expression: str) -> set[str]:
    """Return the metrics that the expression selects. Raises ValueError when it does not parse."""
    return set(_selectors(promql_parser.parse(fill_in(expression))))


def faults(options: Options) -> Iterator[str]:
    """Yield what is wrong, a line each."""
    known = _known(options)
    for place, expression in (*of_rules(options), *of_dashboards(options)):
        try:
            unknown = names(expression) - known
        except ValueError as error:
            yield f"{place}: {error}"
            continue
        for name in sorted(unknown):
            yield f"{place}: {name} is not in {metric_list.METRICS_PAGE}"


def _known(options: Options) -> frozenset[str]:
    own = (metric.series for metric in metric_list.listed().values())
    recorded = {
        rule.record
        for groups in rule_groups(options).values()
        for group in groups
        for rule in group.rules
        if isinstance(rule, Recording)
    }
    return frozenset().union(*own) | recorded | metric_list.of_exporters() | FOREIGN


def _selectors(node: object) -> Iterator[str]:
    """Yield the name of each vector selector below the node."""
    match node:
        case promql_parser.VectorSelector():
            yield node.name or ""
        case promql_parser.MatrixSelector():
            yield from _selectors(node.vector_selector)
        case promql_parser.BinaryExpr():
            yield from _selectors(node.lhs)
            yield from _selectors(node.rhs)
        case promql_parser.Call():
            for argument in node.args:
                yield from _selectors(argument)
        case (
            promql_parser.AggregateExpr()
            | promql_parser.ParenExpr()
            | promql_parser.UnaryExpr()
            | promql_parser.SubqueryExpr()
        ):
            yield from _selectors(node.expr)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return
        case _:
            raise ValueError(f"{type(node).__name__} is not a node that is known here")
