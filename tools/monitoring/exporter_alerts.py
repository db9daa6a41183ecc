"""Alerts on causes, from metrics of exporters. Where an exporter is missing its alerts are silent.

pg_*, cnpg_*     postgres_exporter, or CloudNativePG's own exporter
kafka_server_*   Kafka's JMX metrics by the JMX exporter, with the names of Strimzi's examples
kubelet_*        the kubelet's volume metrics
node_*           node_exporter
"""

from tools.monitoring.durations import Durations, seconds
from tools.monitoring.rules import NAMESPACE, Alert, Group, one_line

MIN_DAYS_OF_DISK = 14
KAFKA_VOLUME = ".*kafka.*"
"""Matches the persistent volume claims, or the mount points, of Kafka's brokers."""


def groups(t: Durations) -> list[Group]:
    """`t` returns a range in PromQL."""
    return [Group("parley-exporters", [_archiver(t), _disk(t), _min_isr(t)])]


def _archiver(t: Durations) -> Alert:
    window = t("15m")
    return Alert(
        name="ParleyPostgresArchiverFailing",
        severity="page",
        expr=one_line(f"""
            increase(pg_stat_archiver_failed_count[{window}]) > 0
            or increase(cnpg_pg_stat_archiver_failed_count[{window}]) > 0
        """),
        hold=t("15m"),
        summary=f"{NAMESPACE}PostgreSQL's WAL is not archived",
        description="A point-in-time restore ends at the last segment that was archived, and the disk of "
        "PostgreSQL fills up.",
        dashboard="parley-postgres",
    )


def _disk(t: Durations) -> Alert:
    horizon = seconds(f"{MIN_DAYS_OF_DISK}d")
    return Alert(
        name="ParleyLogDiskFilling",
        severity="page",
        expr=one_line(f"""
            predict_linear(kubelet_volume_stats_available_bytes{{persistentvolumeclaim=~"{KAFKA_VOLUME}"}}
            [{t("3d")}], {horizon}) < 0
            or predict_linear(node_filesystem_avail_bytes{{mountpoint=~"{KAFKA_VOLUME}"}}
            [{t("3d")}], {horizon}) < 0
        """),
        hold=t("1h"),
        summary=f"{NAMESPACE}a disk of Kafka is full in less than {MIN_DAYS_OF_DISK} days",
        description="chat.events is kept without limit. A broker whose disk is full stops, and sends "
        "are refused "
        "once too few are left.",
        dashboard="parley-kafka",
    )


def _min_isr(t: Durations) -> Alert:
    return Alert(
        name="ParleyKafkaUnderMinIsr",
        severity="ticket",
        expr="sum by (namespace) (kafka_server_replicamanager_underminisrpartitioncount) > 0",
        hold=t("5m"),
        summary=f"{NAMESPACE}partitions of Kafka have too few replicas in sync",
        description="Writes to these partitions are refused: sends to their conversations fail.",
        dashboard="parley-kafka",
    )
