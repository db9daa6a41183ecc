"""Prometheus metrics of the live notifier."""

from prometheus_client import Counter, Gauge

from shared.metrics.delays import DelayHistogram
from shared.metrics.partition_gauge import PartitionGauge

entries_dispatched = Counter("notifier_entries_dispatched_total", "Entries dispatched.")
dispatch_delay = DelayHistogram(
    "notifier_dispatch_delay_seconds",
    "From an event's acceptance until its entry was queued to the gateways.",
)
link_messages = Counter("notifier_link_messages_total", "Messages to gateways.", ["type"])
links = Gauge("notifier_links", "Gateways linked.")
links_cut = Counter("notifier_links_cut_total", "Links cut because the gateway did not read.")
lag = PartitionGauge("notifier_lag_records", "Records of chat.messages that are not dispatched yet.")

for _type in ("entry", "progress", "gap"):
    link_messages.labels(_type)
