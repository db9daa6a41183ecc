"""The query API: queries and pools."""

from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile, rate


def page() -> Page:
    return Page(
        uid="parley-store",
        title="Parley / Store",
        rows=[
            Row(
                "Queries",
                [
                    Chart(
                        "Queries a second",
                        "By query. `progress` is polled.",
                        [Series(rate("store_query_duration_seconds_count", "query"), "{{query}}")],
                        "ops",
                    ),
                    Chart(
                        "Queries, 99 %",
                        "The wait for a connection included.",
                        [Series(quantile(0.99, "store_query_duration_seconds", by="query"), "{{query}}")],
                        "s",
                    ),
                    Chart(
                        "History as clients see it",
                        "Objective: 99 % within 250 ms.",
                        [
                            Series(
                                quantile(
                                    share,
                                    "gateway_request_duration_seconds",
                                    f'route="/messages/history",{HERE}',
                                ),
                                title,
                            )
                            for share, title in ((0.5, "median"), (0.99, "99 %"))
                        ],
                        "s",
                    ),
                    Chart(
                        "Failures",
                        "Queries that were not answered, since the processes started.",
                        [
                            Series(
                                f"sum by (query, code) (store_query_failures_total{{{HERE}}}) or vector(0)",
                                "{{query}} {{code}}",
                            )
                        ],
                    ),
                ],
            ),
            Row(
                "Connections and waits",
                [
                    Chart(
                        "Connections in use",
                        "Of each pool, and how many there may be.",
                        [
                            Series(f"sum by (pool) (store_pool_in_use{{{HERE}}})", "{{pool}} in use"),
                            Series(f"sum by (pool) (store_pool_limit{{{HERE}}})", "{{pool}} limit"),
                        ],
                    ),
                    Chart(
                        "Calls that wait for a connection",
                        "By pool.",
                        [Series(f"sum by (pool) (store_pool_waiting{{{HERE}}})", "{{pool}}")],
                    ),
                    Chart(
                        "Waits for a position",
                        "A second, by outcome.",
                        [Series(rate("store_position_waits_total", "outcome"), "{{outcome}}")],
                        "ops",
                    ),
                    Chart(
                        "Waits for a position, 99 %",
                        "How far the projection is behind, as callers notice it.",
                        [Series(quantile(0.99, "store_position_wait_seconds"), "99 %")],
                        "s",
                    ),
                ],
            ),
        ],
        runbooks=["ParleyHistorySlow", "ParleyPoolExhausted", "ParleySchemaMismatch"],
    )
