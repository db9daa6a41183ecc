"""What all services share.

contract/    the public and internal formats: events, entries, frames, ids, positions, cursors
internal/    the protocols between Parley's own services
log/         the topics, the epoch of the log, dead letters
kafka/       the only package that imports aiokafka
tracing/     traces across processes; in it the only module that imports OpenTelemetry
http/        servers: connections, heads, problems, health, WebSockets beside ASGI
metrics/     metrics that several services expose
service/     the main of every service, the admin port
runtime/     settings, logging, critical tasks, stall detection, failpoints
testing/     in-memory twins of what talks to Kafka
"""
