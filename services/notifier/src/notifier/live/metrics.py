"""Prometheus metrics of the live notifier."""

from prometheus_client import Counter, Gauge

entries_dispatched = Counter("notifier_entries_dispatched_total", "Entries dispatched")
link_messages = Counter("notifier_link_messages_total", "Messages to gateways", ["type"])
links = Gauge("notifier_links", "Gateways linked")
links_cut = Counter("notifier_links_cut_total", "Links cut because the gateway did not read")
lag = Gauge("notifier_lag_records", "Records not dispatched yet", ["partition"])
