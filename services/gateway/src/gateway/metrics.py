"""The gateway's Prometheus metrics."""

from prometheus_client import Counter, Gauge, Histogram

from shared.metrics.delays import DelayHistogram

requests = Histogram(
    "gateway_request_duration_seconds",
    "From the request's head to the last byte of its response.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
sockets = Gauge("gateway_sockets", "Open client sockets.")
arriving = Gauge("gateway_sockets_arriving", "Clients that wait for admission.")
put_off = Counter(
    "gateway_sockets_put_off_total", "Clients that were rejected with a delay: too many at once."
)
catching_up = Gauge("gateway_sockets_catching_up", "Sockets that are reading missed entries from the store.")
queued = Gauge("gateway_outbox_bytes", "Bytes that wait for clients that read slowly.")
closes = Counter("gateway_socket_closes_total", "Sockets that the gateway closed.", ["code"])
produced = Counter("gateway_events_produced_total", "Events sent to the log, by outcome.", ["type", "result"])
confirm_delay = DelayHistogram(
    "gateway_confirm_delay_seconds", "From an event's acceptance by the gateway until Kafka has confirmed it."
)
commands = Counter("gateway_commands_total", "Commands of clients, by outcome.", ["command", "outcome"])
connects = Counter("gateway_connects_total", "Attempts to open a socket, by outcome.", ["outcome"])
connects_accepted, connects_refused, connects_failed = (
    connects.labels(outcome) for outcome in ("accepted", "refused", "failed")
)
frames_sent = Counter("gateway_frames_sent_total", "Frames written to client sockets.")
frames_received = Counter("gateway_frames_received_total", "Frames read from client sockets.", ["result"])
overflows = Counter("gateway_outbox_overflow_total", "Clients that were closed because they read too slowly.")
delivery_delay = DelayHistogram(
    "gateway_delivery_delay_seconds",
    "From an event's acceptance until its frame was written to the sockets of this gateway.",
)
entries = Counter("gateway_entries_received_total", "Entries received from notifiers.")
gaps = Counter("gateway_link_gaps_total", "Offset ranges of the topic that no notifier delivered.")
links = Gauge("gateway_links", "Notifiers that are connected.")
limited = Counter(
    "gateway_limited_total", "Calls, frames and sockets refused by a limit of users.", ["limit"]
)
unchecked = Counter(
    "gateway_unchecked_writes_total", "Writes let through while membership could not be checked."
)
