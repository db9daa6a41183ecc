"""Notifiers: links and dispatch."""

from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile, rate


def page() -> Page:
    return Page(
        uid="parley-notifier",
        title="Parley / Notifier",
        rows=[
            Row(
                "Dispatch",
                [
                    Chart(
                        "Entries a second",
                        "By notifier.",
                        [Series(rate("notifier_entries_dispatched_total", "instance"), "{{instance}}")],
                        "ops",
                    ),
                    Chart(
                        "From accepted to dispatched",
                        "Of all entries.",
                        [
                            Series(quantile(0.5, "notifier_dispatch_delay_seconds"), "median"),
                            Series(quantile(0.99, "notifier_dispatch_delay_seconds"), "99 %"),
                        ],
                        "s",
                    ),
                    Chart(
                        "Lag by partition",
                        "Records of chat.messages that are not dispatched yet.",
                        [Series(f"max by (partition) (notifier_lag_records{{{HERE}}})", "{{partition}}")],
                    ),
                    Chart(
                        "Partitions by notifier",
                        "They should be about equal.",
                        [Series(f"count by (instance) (notifier_lag_records{{{HERE}}})", "{{instance}}")],
                    ),
                ],
            ),
            Row(
                "Links",
                [
                    Chart(
                        "Gateways linked",
                        "Each notifier needs every gateway.",
                        [Series(f"sum by (instance) (notifier_links{{{HERE}}})", "{{instance}}")],
                    ),
                    Chart(
                        "Messages a second",
                        "By type. `gap`: sockets catch up through the store.",
                        [
                            Series(rate("notifier_link_messages_total", "type"), "{{type}}"),
                            Series(rate("notifier_links_cut_total"), "links cut"),
                        ],
                        "ops",
                    ),
                ],
            ),
        ],
        runbooks=["ParleyNotifierLagging", "ParleyLinksMissing"],
        links=[("The protocol of the links", "docs/internal-wire.md")],
    )
