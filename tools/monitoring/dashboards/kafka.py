"""Kafka: the log, as Parley and as the brokers see it."""

from tools.monitoring.dashboards.panels import HERE, Chart, Page, Row, Series, quantile, rate


def page() -> Page:
    return Page(
        uid="parley-kafka",
        title="Parley / Kafka",
        rows=[
            Row(
                "As Parley sees it",
                [
                    Chart(
                        "Confirmation of an event",
                        "From the gateway to all in-sync replicas.",
                        [
                            Series(quantile(0.5, "gateway_confirm_delay_seconds"), "median"),
                            Series(quantile(0.99, "gateway_confirm_delay_seconds"), "99 %"),
                        ],
                        "s",
                    ),
                    Chart(
                        "Events produced a second",
                        "By result. `unconfirmed`: answered 503; may have been written.",
                        [Series(rate("gateway_events_produced_total", "result"), "{{result}}")],
                        "ops",
                    ),
                    Chart(
                        "Rebalances",
                        "Assignments of each group, since the processes started.",
                        [Series(f"sum by (group) (kafka_rebalances_total{{{HERE}}})", "{{group}}")],
                    ),
                    Chart(
                        "Dead letters",
                        "Since the processes started.",
                        [Series(f"sum by (service) (dead_letters_total{{{HERE}}})", "{{service}}")],
                    ),
                ],
            ),
            Row(
                "As the brokers see it (JMX exporter, kubelet or node_exporter)",
                [
                    Chart(
                        "Partitions below their least in-sync replicas",
                        "Must be zero: writes to them are refused.",
                        [
                            Series(
                                "sum by (namespace) (kafka_server_replicamanager_underminisrpartitioncount)",
                                "{{namespace}}",
                            )
                        ],
                    ),
                    Chart(
                        "Under-replicated partitions",
                        "Above zero while a broker is away.",
                        [
                            Series(
                                "sum by (namespace) (kafka_server_replicamanager_underreplicatedpartitions)",
                                "{{namespace}}",
                            )
                        ],
                    ),
                    Chart(
                        "Free space of the log",
                        "chat.events is kept without limit.",
                        [
                            Series(
                                "min by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes"
                                '{persistentvolumeclaim=~".*kafka.*"})',
                                "{{persistentvolumeclaim}}",
                            ),
                            Series(
                                'min by (instance) (node_filesystem_avail_bytes{mountpoint=~".*kafka.*"})',
                                "{{instance}}",
                            ),
                        ],
                        "bytes",
                    ),
                ],
            ),
        ],
        runbooks=["ParleyLogDiskFilling", "ParleyKafkaUnderMinIsr", "ParleyRebalancing"],
    )
