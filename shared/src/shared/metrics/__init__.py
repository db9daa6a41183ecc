"""Metrics that several services expose (docs/metrics.md lists all).

delays           histograms of the time from an event's acceptance to a later step
partition_gauge  a gauge with one series a partition, read when it is scraped
event_loop       how late the event loop runs what is due
build_info       which release this process runs
log_info         which log this process works with
"""
