"""Alerts on causes, from Parley's own metrics.

They page only where messages are in danger or nothing moves: what users notice pages by its objective.
Targets have the label `component`: gateway, projector, store or notifier (docs/metrics.md).
"""

from tools.monitoring.durations import Durations
from tools.monitoring.rules import NAMESPACE, TARGET, Alert, Group, one_line

COMPONENTS = ("gateway", "projector", "store", "notifier")
_OURS = f'component=~"{"|".join(COMPONENTS)}"'
_PROJECTED = "max by (namespace, partition) (store_projected_offset{shift})"
MAX_LAG_RECORDS = 10_000
MAX_UNPUBLISHED = 1_000


def groups(t: Durations) -> list[Group]:
    """`t` returns a range in PromQL."""
    return [
        Group("parley-processes", _processes(t)),
        Group("parley-path", _path(t)),
        Group("parley-capacity", _capacity(t)),
    ]


def _processes(t: Durations) -> list[Alert]:
    return [
        Alert(
            name="ParleyComponentDown",
            severity="page",
            expr=" or ".join(map(_is_down, COMPONENTS)),
            hold=t("2m"),
            summary=f"{NAMESPACE}no {{{{ $labels.component }}}} can be scraped",
            description="No process of this component answers on its admin port, or there is none.",
        ),
        Alert(
            name="ParleyTargetDown",
            severity="ticket",
            expr=f"up{{{_OURS}}} == 0",
            hold=t("5m"),
            summary=f"{NAMESPACE}{TARGET} cannot be scraped",
            description="One process does not answer on its admin port; others of its component may.",
        ),
        Alert(
            name="ParleyProcessRestarting",
            severity="ticket",
            expr=f"changes(process_start_time_seconds{{{_OURS}}}[{t('30m')}]) > 3",
            summary=f"{NAMESPACE}{TARGET} starts again and again",
            description="A process ends by itself when its settings, its log or its database are not right; "
            "its last log line says why.",
        ),
        Alert(
            name="ParleySchemaMismatch",
            severity="ticket",
            expr="database_schema_version < database_schema_known or database_schema_min_code > "
            "database_schema_known",
            hold=t("15m"),
            summary=f"{NAMESPACE}{TARGET} and the database's schema do not fit together",
            description="The process is not ready until the migrations have run, or a newer release is "
            "deployed.",
        ),
        Alert(
            name="ParleyEventLoopSlow",
            severity="ticket",
            expr=one_line(f"""
                histogram_quantile(0.99, sum by (namespace, component, instance, le) (
                    rate(event_loop_delay_seconds_bucket[{t("10m")}]))) > 0.25
            """),
            hold=t("10m"),
            summary=f"{NAMESPACE}{TARGET} has too little CPU",
            description="Everything that the process does waits for more than 250 ms at times.",
        ),
    ]


def _is_down(component: str) -> str:
    """No target of the component is up, also when none is known any more."""
    absent = one_line(f"""
        group by (namespace) (up{{{_OURS}}})
        unless on (namespace) group by (namespace) (up{{component="{component}"}} == 1)
    """)
    return f'label_replace({absent}, "component", "{component}", "", "")'


def _path(t: Durations) -> list[Alert]:
    progress, progress_before = _PROJECTED.format(shift=""), _PROJECTED.format(shift=f" offset {t('5m')}")
    return [
        Alert(
            name="ParleyWrongLog",
            severity="page",
            expr="count by (namespace) (count by (namespace, epoch) (parley_log_info)) > 1",
            hold=t("1m"),
            summary=f"{NAMESPACE}the log and the database do not belong together",
            description="Gateways write to another log than the one that the database was projected from. "
            "The projector refuses to go on; no message is lost as long as nobody deletes either of them.",
            dashboard="parley-path",
        ),
        Alert(
            name="ParleyDeadLetters",
            severity="page",
            expr=f"sum by (namespace, service) (increase(dead_letters_total[{t('1h')}])) > 0",
            summary=f"{NAMESPACE}{{{{ $labels.service }}}} gave up on a record",
            description="A record could not be decoded or written; it is kept in chat.dead-letters.",
            dashboard="parley-path",
        ),
        Alert(
            name="ParleyProjectionStopped",
            severity="page",
            expr=one_line(f"""
                sum by (namespace) (
                    increase(gateway_events_produced_total{{result="confirmed"}}[{t("5m")}])) > 0
                and on (namespace)
                sum by (namespace) ({progress}) - sum by (namespace) ({progress_before}) == 0
            """),
            hold=t("2m"),
            summary=f"{NAMESPACE}messages are accepted, but none is stored",
            description="Events arrive in chat.events and the projection does not move: accepted "
            "messages are "
            "neither in histories nor delivered. They are not lost.",
            dashboard="parley-path",
        ),
        Alert(
            name="ParleyPartitionStalled",
            severity="page",
            expr=one_line(f"""
                max by (namespace, partition) (projector_lag_records) > 0
                and on (namespace, partition)
                {progress} - {_PROJECTED.format(shift=f" offset {t('10m')}")} == 0
            """),
            hold=t("5m"),
            summary=f"{NAMESPACE}partition {{{{ $labels.partition }}}} of chat.events is not projected",
            description="Events wait in the partition and its progress stands still: the conversations "
            "in it get "
            "no new messages.",
            dashboard="parley-projector",
        ),
        Alert(
            name="ParleyUnpublishedEntries",
            severity="page",
            expr=one_line(f"""
                min_over_time(projector_entries_unpublished[{t("10m")}]) > 0
                unless increase(projector_entries_published_total[{t("10m")}]) > 0
                or (min_over_time(projector_entries_unpublished[{t("10m")}]) > {MAX_UNPUBLISHED}
                and deriv(projector_entries_unpublished[{t("10m")}]) > 0)
            """),
            hold=t("2m"),
            summary=f"{NAMESPACE}entries committed by {{{{ $labels.instance }}}} do not get into "
            f"chat.messages",
            description="Messages are in histories, but are not delivered to sockets until they are "
            "published.",
            dashboard="parley-projector",
        ),
        Alert(
            name="ParleyProjectorLagging",
            severity="ticket",
            expr=f"sum by (namespace) (projector_lag_records) > {MAX_LAG_RECORDS}",
            hold=t("10m"),
            summary=f"{NAMESPACE}the projection is more than {MAX_LAG_RECORDS} events behind",
            description="More is sent than the projectors or PostgreSQL can write.",
            dashboard="parley-projector",
        ),
        Alert(
            name="ParleyNotifierLagging",
            severity="ticket",
            expr=f"sum by (namespace) (notifier_lag_records) > {MAX_LAG_RECORDS}",
            hold=t("10m"),
            summary=f"{NAMESPACE}the notifiers are more than {MAX_LAG_RECORDS} entries behind",
            description="More is published than the notifiers dispatch.",
            dashboard="parley-notifier",
        ),
        Alert(
            name="ParleyLinksMissing",
            severity="ticket",
            expr="gateway_links == 0",
            hold=t("5m"),
            summary=f"{NAMESPACE}gateway {{{{ $labels.instance }}}} has no notifier",
            description="Its clients get messages only when they reconnect or fetch.",
            dashboard="parley-gateway",
        ),
        Alert(
            name="ParleyRebalancing",
            severity="ticket",
            expr=f"sum by (namespace, group) (increase(kafka_rebalances_total[{t('30m')}])) > 30",
            summary=f"{NAMESPACE}the group {{{{ $labels.group }}}} rebalances again and again",
            description="Members leave and join: processes restart, stall for longer than "
            "SESSION_TIMEOUT, or "
            "an autoscaler moves to and fro.",
            dashboard="parley-kafka",
        ),
    ]


def _capacity(t: Durations) -> list[Alert]:
    return [
        Alert(
            name="ParleySocketsPutOff",
            severity="ticket",
            expr=f"sum by (namespace) (increase(gateway_sockets_put_off_total[{t('5m')}])) > 0",
            hold=t("15m"),
            summary=f"{NAMESPACE}clients are put off: the gateways are full or connects come too fast",
            description="Clients wait before they may connect. After the end of a gateway this is "
            "normal for some "
            "minutes.",
            dashboard="parley-gateway",
        ),
        Alert(
            name="ParleyMembershipUnchecked",
            severity="ticket",
            expr=f"sum by (namespace) (increase(gateway_unchecked_writes_total[{t('10m')}])) > 0",
            summary=f"{NAMESPACE}writes are let through while membership cannot be checked",
            description="The store or PostgreSQL is away. The projection rejects what is not allowed.",
            dashboard="parley-gateway",
        ),
        Alert(
            name="ParleyPoolExhausted",
            severity="ticket",
            expr=f"min_over_time(store_pool_waiting[{t('5m')}]) > 0",
            hold=t("5m"),
            summary=f"{NAMESPACE}queries of {{{{ $labels.instance }}}} wait for a connection to PostgreSQL",
            description="All connections of the pool {{ $labels.pool }} are in use all the time.",
            dashboard="parley-store",
        ),
    ]
