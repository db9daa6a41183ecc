"""Traces of messages across processes, sent by OpenTelemetry where it is switched on (docs/tracing.md).

port            what services call, and its twin that does nothing
traceparent     the text that carries a trace from process to process, in requests and in Kafka's headers
messaging       the operations on topics, named by OpenTelemetry's semantic conventions
opening         the tracer that the settings ask for, while a process runs
open_telemetry  the tracer over OpenTelemetry's SDK; nothing else imports it
"""
