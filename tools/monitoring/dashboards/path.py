"""One message's way, step by step: which step is slow, or stands still."""

from tools.monitoring.dashboards.panels import HERE, RATE, Chart, Page, Row, Series, quantile, rate

STEPS = (
    ("confirmed", "gateway_confirm_delay_seconds"),
    ("committed", "projector_commit_delay_seconds"),
    ("published", "projector_publish_delay_seconds"),
    ("dispatched", "notifier_dispatch_delay_seconds"),
    ("on the socket", "gateway_delivery_delay_seconds"),
)


def page() -> Page:
    return Page(
        uid="parley-path",
        title="Parley / Message path",
        rows=[
            Row(
                "Since the gateway took the message",
                [
                    _delays("Median", 0.5),
                    _delays("99 %", 0.99),
                    Chart(
                        "Events and entries a second",
                        "Lines that part from one another show where something waits.",
                        [
                            Series(
                                "sum(rate(gateway_events_produced_total"
                                f'{{result="confirmed",{HERE}}}{RATE}))',
                                "confirmed",
                            ),
                            Series(rate("projector_events_total"), "projected"),
                            Series(rate("projector_entries_published_total"), "published"),
                            Series(rate("notifier_entries_dispatched_total"), "dispatched"),
                        ],
                        "ops",
                    ),
                    Chart(
                        "Waiting",
                        "Records not projected, not published, not dispatched.",
                        [
                            Series(f"sum(projector_lag_records{{{HERE}}})", "to be projected"),
                            Series(f"sum(projector_entries_unpublished{{{HERE}}})", "to be published"),
                            Series(f"sum(notifier_lag_records{{{HERE}}})", "to be dispatched"),
                        ],
                    ),
                ],
            ),
            Row(
                "What must not happen",
                [
                    Chart(
                        "Dead letters",
                        "Records that were given up on, since the processes started.",
                        [Series(f"sum by (service) (dead_letters_total{{{HERE}}})", "{{service}}")],
                    ),
                    Chart(
                        "Logs",
                        "More than one line: the log and the database do not belong together.",
                        [Series(f"count by (epoch) (parley_log_info{{{HERE}}})", "{{epoch}}")],
                    ),
                ],
            ),
        ],
        runbooks=[
            "ParleyDeliveryLate",
            "ParleyProjectionStopped",
            "ParleyDeadLetters",
            "ParleyWrongLog",
        ],
        links=[("How a message travels", "README.md")],
    )


def _delays(title: str, share: float) -> Chart:
    return Chart(
        title,
        "Each step counts from the time that the event carries; clocks must agree.",
        [Series(quantile(share, histogram), step) for step, histogram in STEPS],
        "s",
    )
