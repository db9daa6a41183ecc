"""Projectors: lag, batches, what is unpublished."""

from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile, rate


def page() -> Page:
    return Page(
        uid="parley-projector",
        title="Parley / Projector",
        rows=[
            Row(
                "Progress",
                [
                    Chart(
                        "Lag by partition",
                        "Events of chat.events that are not projected yet.",
                        [
                            Series(
                                f"max by (partition) (projector_lag_records{{{HERE}}})",
                                "{{partition}}",
                            )
                        ],
                    ),
                    Chart(
                        "Progress by partition",
                        "Events a second; a line at zero with lag stands still.",
                        [
                            Series(
                                "max by (partition) "
                                f"(deriv(store_projected_offset{{{HERE}}}[$__rate_interval]))",
                                "{{partition}}",
                            )
                        ],
                        "ops",
                    ),
                    Chart(
                        "Events a second",
                        "By outcome.",
                        [Series(rate("projector_events_total", "outcome"), "{{outcome}}")],
                        "ops",
                    ),
                    Chart(
                        "Partitions by projector",
                        "They should be about equal.",
                        [
                            Series(
                                f"count by (instance) (projector_next_offset{{{HERE}}})",
                                "{{instance}}",
                            )
                        ],
                    ),
                ],
            ),
            Row(
                "Batches",
                [
                    Chart(
                        "Commit of a batch",
                        "Waiting for the database.",
                        [
                            Series(quantile(0.5, "projector_commit_seconds"), "median"),
                            Series(quantile(0.99, "projector_commit_seconds"), "99 %"),
                        ],
                        "s",
                    ),
                    Chart(
                        "Unpublished entries",
                        "Committed, and not yet confirmed in chat.messages.",
                        [
                            Series(
                                f"sum by (instance) (projector_entries_unpublished{{{HERE}}})",
                                "{{instance}}",
                            )
                        ],
                    ),
                ],
            ),
        ],
        runbooks=["ParleyPartitionStalled", "ParleyUnpublishedEntries", "ParleyProjectorLagging"],
    )
