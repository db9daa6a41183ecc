"""PostgreSQL: the database, as Parley and as the server sees it."""

from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile


def page() -> Page:
    return Page(
        uid="parley-postgres",
        title="Parley / PostgreSQL",
        rows=[
            Row(
                "As Parley sees it",
                [
                    Chart(
                        "Commit of a batch",
                        "Of the projectors.",
                        [
                            Series(quantile(0.5, "projector_commit_seconds"), "median"),
                            Series(quantile(0.99, "projector_commit_seconds"), "99 %"),
                        ],
                        "s",
                    ),
                    Chart(
                        "Queries, 99 %",
                        "Of the query API.",
                        [Series(quantile(0.99, "store_query_duration_seconds", by="query"), "{{query}}")],
                        "s",
                    ),
                    Chart(
                        "Connections",
                        "Of the query API's pools.",
                        [Series(f"sum by (pool) (store_pool_connections{{{HERE}}})", "{{pool}}")],
                    ),
                    Chart(
                        "Schema version",
                        "Of the database, and the newest that each release knows.",
                        [
                            Series(f"max(database_schema_version{{{HERE}}})", "database"),
                            Series(
                                f"max by (component) (database_schema_known{{{HERE}}})",
                                "known to {{component}}",
                            ),
                        ],
                    ),
                ],
            ),
            Row(
                "As the server sees it (postgres_exporter or CloudNativePG)",
                [
                    Chart(
                        "WAL that could not be archived",
                        "Attempts that failed; a restore ends before the first gap.",
                        [
                            Series(
                                "sum by (instance) (pg_stat_archiver_failed_count)"
                                " or sum by (instance) (cnpg_pg_stat_archiver_failed_count)",
                                "{{instance}}",
                            )
                        ],
                    ),
                    Chart(
                        "Connections by state",
                        "Of the server.",
                        [
                            Series(
                                "sum by (state) (pg_stat_activity_count)"
                                " or sum by (state) (cnpg_backends_total)",
                                "{{state}}",
                            )
                        ],
                    ),
                ],
            ),
        ],
        runbooks=["ParleyPostgresArchiverFailing", "ParleySchemaMismatch", "ParleyPoolExhausted"],
    )
