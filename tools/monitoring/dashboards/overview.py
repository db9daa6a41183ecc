"""The objectives: how much of each budget is left."""

from tools.monitoring.burn_rates import error_ratio
from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile, rate
from tools.monitoring.objectives import Objective, Objectives


def page(objectives: Objectives) -> Page:
    days = objectives.window_days
    return Page(
        uid="parley-overview",
        title="Parley / Overview",
        rows=[
            Row(
                f"Budget of errors left of {days} days",
                [_budget_left(objective, days) for objective in objectives.objectives],
            ),
            Row(
                "Burn rate (1 = the budget lasts exactly its window)",
                [_burn_rate(objective) for objective in objectives.objectives],
            ),
            Row(
                "Traffic",
                [
                    Chart(
                        "Sends a second",
                        "By outcome. `refused` is the client's, `failed` is ours.",
                        [
                            Series(
                                rate("gateway_commands_total", "outcome", f'command="send_message",{HERE}'),
                                "{{outcome}}",
                            )
                        ],
                        "ops",
                    ),
                    Chart(
                        "From accepted to the socket",
                        "Of entries with a connected member.",
                        [
                            Series(quantile(0.5, "gateway_delivery_delay_seconds"), "median"),
                            Series(quantile(0.99, "gateway_delivery_delay_seconds"), "99 %"),
                        ],
                        "s",
                    ),
                    Chart(
                        "Sockets",
                        "Open client sockets, of all gateways.",
                        [Series(f"sum(gateway_sockets{{{HERE}}})", "open")],
                    ),
                    Chart(
                        "Releases",
                        "Processes by release: two during a rolling update.",
                        [
                            Series(
                                f"count by (service, version, revision) (parley_build_info{{{HERE}}})",
                                "{{service}} {{version}} {{revision}}",
                            )
                        ],
                    ),
                    Chart(
                        "Processes up",
                        "By component, as Prometheus reaches them.",
                        [Series(f'sum by (component) (up{{component=~".+",{HERE}}})', "{{component}}")],
                    ),
                    Chart(
                        "CPU",
                        "Seconds of CPU a second, by component.",
                        [
                            Series(
                                rate("process_cpu_seconds_total", "component", f'component=~".+",{HERE}'),
                                "{{component}}",
                            )
                        ],
                    ),
                ],
            ),
        ],
        runbooks=[
            *(objective.alert for objective in objectives.objectives),
            "ParleyComponentDown",
            "ParleyTargetDown",
            "ParleyProcessRestarting",
            "ParleySchemaMismatch",
            "ParleyEventLoopSlow",
        ],
        links=[("All runbooks", "docs/operations/runbooks/README.md"), ("All metrics", "docs/metrics.md")],
    )


def _budget_left(objective: Objective, days: int) -> Chart:
    ratio = f"namespace:parley_{objective.name}_errors:ratio_{days}d"
    return Chart(
        objective.title,
        f"Objective {objective.percent:g} %. Below zero it is missed.",
        [Series(f"1 - max({ratio}{{{HERE}}}) / {objective.budget:g}", "left")],
        "percentunit",
        is_stat=True,
    )


def _burn_rate(objective: Objective) -> Chart:
    return Chart(
        objective.title,
        "Pages above 14.4 (1 h) and 6 (6 h); a ticket above 1 (3 d).",
        [
            Series(
                f"max by (namespace) ({error_ratio(objective, window)}{{{HERE}}}) / {objective.budget:g}",
                window,
            )
            for window in ("5m", "1h", "6h", "3d")
        ],
    )
