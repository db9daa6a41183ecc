"""For each alert, series that fire it and series that do not.

Values are written as promtool reads them: `0+6x90` begins at 0 and adds 6, 90 times, one sample an interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.monitoring.rules import Severity

Labels = dict[str, str]
CHAT: Labels = {"namespace": "chat"}


@dataclass(frozen=True)
class Scenario:
    alert: str
    severity: Severity
    title: str
    series: Mapping[str, str]
    at: str
    """When the alerts are looked at."""
    fires: Sequence[Labels] = field(default_factory=list)
    """The labels of each alert that fires, without those that the rule adds."""
    interval: str = "1m"
    """Between two samples of a series."""
    fires_too: Sequence[Severity] = ()
    """Other severities of the same alert: what pages now is a ticket, too, once it has lasted."""


def named(name: str, **labels: str) -> str:
    pairs = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{pairs}}}"


def in_chat(name: str, **labels: str) -> str:
    return named(name, namespace="chat", **labels)


def scenarios() -> list[Scenario]:
    return [
        *_sends(),
        *_ratio_of_good(
            "ParleyDeliveryLate",
            0.01,
            in_chat("gateway_delivery_delay_seconds_bucket", le="1.0"),
            in_chat("gateway_delivery_delay_seconds_count"),
        ),
        *_ratio_of_good(
            "ParleyHistorySlow",
            0.01,
            in_chat(
                "gateway_request_duration_seconds_bucket",
                route="/messages/history",
                status="200",
                le="0.25",
            ),
            in_chat("gateway_request_duration_seconds_count", route="/messages/history", status="200"),
        ),
        *_ratio_of_bad(
            "ParleyConnectsFailing",
            0.001,
            in_chat("gateway_connects_total", outcome="failed"),
            in_chat("gateway_connects_total", outcome="accepted"),
        ),
        Scenario(
            "ParleyHistorySlow",
            "page",
            "fires when no history answers at all, and so none is counted as good",
            {
                in_chat(
                    "gateway_request_duration_seconds_count", route="/messages/history", status="503"
                ): "0+60x90"
            },
            "80m",
            [CHAT],
            fires_too=("ticket",),
        ),
        *_processes(),
        *_path(),
        *_capacity(),
        *_exporters(),
    ]


def _sends() -> Iterator[Scenario]:
    accepted = in_chat("gateway_commands_total", command="send_message", outcome="accepted")
    failed = in_chat("gateway_commands_total", command="send_message", outcome="failed")
    yield from _ratio_of_bad("ParleySendsFailing", 0.001, failed, accepted)
    refused = in_chat("gateway_commands_total", command="send_message", outcome="refused")
    yield Scenario(
        "ParleySendsFailing",
        "page",
        "is silent when clients send what they may not",
        {refused: "0+60x90", accepted: "0+60x90", failed: "0x90"},
        "80m",
    )
    yield Scenario(
        "ParleySendsFailing",
        "ticket",
        "pages no more half an hour after the errors ended",
        {failed: "0+6x60 360x60", accepted: "0+60x120"},
        "100m",
        [CHAT],
    )


def _ratio_of_bad(alert: str, budget: float, bad: str, good: str) -> Iterator[Scenario]:
    """Both counters rise; `budget`: the ratio of errors that is allowed."""
    for severity, title, burn, fires in _BURNS:
        ratio = burn * budget
        interval, count, at = _WINDOW[severity]
        series = {bad: f"0+{1_000 * ratio:g}x{count}", good: f"0+{1_000 * (1 - ratio):g}x{count}"}
        yield Scenario(alert, severity, title, series, at, fires, interval, _TOO[severity] if fires else ())


def _ratio_of_good(alert: str, budget: float, good: str, total: str) -> Iterator[Scenario]:
    for severity, title, burn, fires in _BURNS:
        interval, count, at = _WINDOW[severity]
        series = {good: f"0+{1_000 * (1 - burn * budget):g}x{count}", total: f"0+1000x{count}"}
        yield Scenario(alert, severity, title, series, at, fires, interval, _TOO[severity] if fires else ())


_TOO: dict[Severity, tuple[Severity, ...]] = {"page": ("ticket",), "ticket": ()}
_BURNS: tuple[tuple[Severity, str, float, list[Labels]], ...] = (
    ("page", "fires when the budget burns 20 times as fast as it may", 20, [CHAT]),
    ("page", "is silent while the budget burns half as fast as it may", 0.5, []),
    ("ticket", "fires when the budget burns twice as fast as it may for days", 2, [CHAT]),
    ("ticket", "is silent while the budget burns half as fast as it may for days", 0.5, []),
)
_WINDOW: dict[Severity, tuple[str, int, str]] = {"page": ("1m", 90, "80m"), "ticket": ("10m", 440, "72h")}
"""The interval of the samples, their number, and when to look."""


def _processes() -> Iterator[Scenario]:
    gateways = [in_chat("up", component="gateway", instance=each) for each in ("a", "b")]
    others = {
        in_chat("up", component=each, instance="c"): "1x30" for each in ("projector", "store", "notifier")
    }
    down, one_down = "ParleyComponentDown", "ParleyTargetDown"
    of_gateway = {**CHAT, "component": "gateway"}
    yield Scenario(
        down,
        "page",
        "fires when every process of a component is down",
        {gateways[0]: "1x5 0x30", gateways[1]: "1x5 0x30", **others},
        "20m",
        [of_gateway],
    )
    yield Scenario(down, "page", "fires when a component is not there at all", others, "20m", [of_gateway])
    yield Scenario(
        down,
        "page",
        "is silent while one of two is up",
        {gateways[0]: "1x30", gateways[1]: "1x5 0x30", **others},
        "20m",
    )
    yield Scenario(
        one_down,
        "ticket",
        "fires for the one that is down",
        {gateways[0]: "1x30", gateways[1]: "1x5 0x30"},
        "20m",
        [{**of_gateway, "instance": "b"}],
    )
    yield Scenario(one_down, "ticket", "is silent while all are up", {gateways[0]: "1x30"}, "20m")
    yield Scenario(
        one_down,
        "ticket",
        "is silent about processes of others",
        {in_chat("up", job="shop"): "0x30"},
        "20m",
    )
    started = in_chat("process_start_time_seconds", component="projector", instance="a")
    labels = {**CHAT, "component": "projector", "instance": "a"}
    restarting = "ParleyProcessRestarting"
    yield Scenario(restarting, "ticket", "fires in a crash loop", {started: "100+60x30"}, "25m", [labels])
    yield Scenario(
        restarting, "ticket", "is silent after a rolling update", {started: "100x10 700x20"}, "25m"
    )
    yield from _schema()
    buckets = [
        in_chat("event_loop_delay_seconds_bucket", component="gateway", instance="a", le=le)
        for le in ("0.1", "0.5", "+Inf")
    ]
    slow = "ParleyEventLoopSlow"
    labels = {**CHAT, "component": "gateway", "instance": "a"}
    yield Scenario(
        slow,
        "ticket",
        "fires when one of ten timers is late",
        {buckets[0]: "0+216x60", buckets[1]: "0+240x60", buckets[2]: "0+240x60"},
        "40m",
        [labels],
    )
    yield Scenario(slow, "ticket", "is silent when none is", dict.fromkeys(buckets, "0+240x60"), "40m")


def _schema() -> Iterator[Scenario]:
    name, target = "ParleySchemaMismatch", {"component": "store", "instance": "a"}
    version, least, known = (
        in_chat(f"database_schema_{each}", **target) for each in ("version", "min_code", "known")
    )
    labels = {**CHAT, **target}
    yield Scenario(
        name,
        "ticket",
        "fires when the migrations have not run",
        {version: "2x40", least: "1x40", known: "3x40"},
        "30m",
        [labels],
    )
    yield Scenario(
        name,
        "ticket",
        "fires when the database needs a newer release",
        {version: "5x40", least: "4x40", known: "3x40"},
        "30m",
        [labels],
    )
    yield Scenario(
        name,
        "ticket",
        "is silent when the database is ahead, but can be used",
        {version: "4x40", least: "3x40", known: "3x40"},
        "30m",
    )


def _path() -> Iterator[Scenario]:
    gateway, store = (
        in_chat("parley_log_info", component=component, epoch="e1") for component in ("gateway", "store")
    )
    other = in_chat("parley_log_info", component="store", epoch="e2")
    wrong = "ParleyWrongLog"
    yield Scenario(
        wrong,
        "page",
        "fires when the database is of another log",
        {gateway: "1x9", other: "1x9"},
        "5m",
        [CHAT],
    )
    yield Scenario(wrong, "page", "is silent when both are one", {gateway: "1x9", store: "1x9"}, "5m")
    letters = in_chat("dead_letters_total", service="message-store", instance="a")
    dead = "ParleyDeadLetters"
    labels = {**CHAT, "service": "message-store"}
    yield Scenario(dead, "page", "fires for the first one", {letters: "0x5 1x30"}, "20m", [labels])
    yield Scenario(dead, "page", "is silent without any", {letters: "0x90"}, "80m")
    yield Scenario(dead, "page", "is silent an hour later", {letters: "0x5 1x90"}, "80m")
    yield from _progress()
    yield from _unpublished()
    for component, alert in (("projector", "ParleyProjectorLagging"), ("notifier", "ParleyNotifierLagging")):
        lags = [in_chat(f"{component}_lag_records", partition=partition) for partition in "01"]
        yield Scenario(
            alert, "ticket", "fires above 10,000", {lags[0]: "6000x30", lags[1]: "6000x30"}, "20m", [CHAT]
        )
        yield Scenario(alert, "ticket", "is silent after a peak", {lags[0]: "0x5 20000x5 0x20"}, "20m")
    links, missing = in_chat("gateway_links", instance="a"), "ParleyLinksMissing"
    labels = {**CHAT, "instance": "a"}
    yield Scenario(missing, "ticket", "fires without any link", {links: "1x5 0x20"}, "15m", [labels])
    yield Scenario(missing, "ticket", "is silent with one", {links: "1x20"}, "15m")
    rebalances, group = in_chat("kafka_rebalances_total", group="projector"), "ParleyRebalancing"
    labels = {**CHAT, "group": "projector"}
    yield Scenario(group, "ticket", "fires at two a minute", {rebalances: "0+2x60"}, "40m", [labels])
    yield Scenario(group, "ticket", "is silent after a rolling update", {rebalances: "0x5 6x60"}, "40m")


def _progress() -> Iterator[Scenario]:
    events = in_chat("gateway_events_produced_total", type="sent", result="confirmed", instance="a")
    projected = {in_chat("store_projected_offset", partition=p, instance=i): p for p in "01" for i in "ab"}
    still, moving = dict.fromkeys(projected, "40x40"), dict.fromkeys(projected, "40+5x40")
    stopped, stalled = "ParleyProjectionStopped", "ParleyPartitionStalled"
    yield Scenario(
        stopped,
        "page",
        "fires while events arrive and none is projected",
        {events: "0+10x40", **still},
        "20m",
        [CHAT],
    )
    yield Scenario(stopped, "page", "is silent while all moves", {events: "0+10x40", **moving}, "20m")
    yield Scenario(stopped, "page", "is silent while nothing is sent", {events: "7x40", **still}, "20m")
    lags = {partition: in_chat("projector_lag_records", partition=partition) for partition in "01"}
    one_still = {name: "40x40" if partition == "1" else "40+5x40" for name, partition in projected.items()}
    yield Scenario(
        stalled,
        "page",
        "fires for the partition that stands still with work",
        {lags["0"]: "3x40", lags["1"]: "3x40", **one_still},
        "30m",
        [{**CHAT, "partition": "1"}],
    )
    yield Scenario(
        stalled,
        "page",
        "is silent while a partition without work stands still",
        {lags["0"]: "3x40", lags["1"]: "0x40", **one_still},
        "30m",
    )


def _unpublished() -> Iterator[Scenario]:
    waiting = in_chat("projector_entries_unpublished", instance="a")
    published = in_chat("projector_entries_published_total", instance="a")
    name, labels = "ParleyUnpublishedEntries", {**CHAT, "instance": "a"}
    yield Scenario(
        name, "page", "fires when nothing is published", {waiting: "5x40", published: "9x40"}, "30m", [labels]
    )
    yield Scenario(
        name,
        "page",
        "fires when more is committed than published",
        {waiting: "2000+50x40", published: "0+10x40"},
        "30m",
        [labels],
    )
    yield Scenario(
        name,
        "page",
        "is silent while a backlog falls",
        {waiting: "9000-100x40", published: "0+100x40"},
        "30m",
    )
    yield Scenario(
        name, "page", "is silent while little waits", {waiting: "5+1x40", published: "0+100x40"}, "30m"
    )


def _capacity() -> Iterator[Scenario]:
    put_off, alert = in_chat("gateway_sockets_put_off_total"), "ParleySocketsPutOff"
    yield Scenario(alert, "ticket", "fires when it goes on", {put_off: "0+5x60"}, "30m", [CHAT])
    yield Scenario(alert, "ticket", "is silent after one storm", {put_off: "0x5 400x60"}, "30m")
    unchecked, alert = in_chat("gateway_unchecked_writes_total"), "ParleyMembershipUnchecked"
    yield Scenario(alert, "ticket", "fires at the first", {unchecked: "0x5 3x20"}, "12m", [CHAT])
    yield Scenario(alert, "ticket", "is silent without any", {unchecked: "0x20"}, "12m")
    waiting, alert = in_chat("store_pool_waiting", pool="queries", instance="a"), "ParleyPoolExhausted"
    labels = {**CHAT, "pool": "queries", "instance": "a"}
    yield Scenario(alert, "ticket", "fires when calls wait all the time", {waiting: "2x30"}, "20m", [labels])
    yield Scenario(alert, "ticket", "is silent when calls wait at times", {waiting: "2 0 2 0 2 0x25"}, "20m")


def _exporters() -> Iterator[Scenario]:
    alert = "ParleyPostgresArchiverFailing"
    for name in ("pg_stat_archiver_failed_count", "cnpg_pg_stat_archiver_failed_count"):
        failed = named(name, instance="db")
        yield Scenario(
            alert, "page", f"fires when {name} grows", {failed: "0+1x60"}, "40m", [{"instance": "db"}]
        )
        yield Scenario(alert, "page", f"is silent after one of {name}", {failed: "0x5 1x60"}, "40m")
    gigabyte = 2**30
    free = {
        "kubelet_volume_stats_available_bytes": {"persistentvolumeclaim": "data-0-kafka-0"},
        "node_filesystem_avail_bytes": {"mountpoint": "/var/lib/kafka"},
    }
    for name, labels in free.items():
        series, alert = named(name, **labels), "ParleyLogDiskFilling"
        fast, slow = f"{100 * gigabyte}-{gigabyte}x80", f"{900 * gigabyte}-{gigabyte}x80"
        yield Scenario(alert, "page", f"fires by {name}", {series: fast}, "75h", [labels], "1h")
        yield Scenario(alert, "page", f"is silent by {name}", {series: slow}, "75h", [], "1h")
    partitions = named(
        "kafka_server_replicamanager_underminisrpartitioncount", namespace="chat", pod="kafka-0"
    )
    alert = "ParleyKafkaUnderMinIsr"
    yield Scenario(alert, "ticket", "fires while writes are refused", {partitions: "2x20"}, "15m", [CHAT])
    yield Scenario(alert, "ticket", "is silent otherwise", {partitions: "0x20"}, "15m")
