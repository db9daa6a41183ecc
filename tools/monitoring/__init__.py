"""Generates deploy/monitoring: rules, alerts and dashboards (docs/adr/0030).

objectives       the service level objectives of deploy/monitoring/slo.yaml
durations        ranges of time in PromQL, which a test may shorten
rules            recording rules and alerts, and the files that they are written to
burn_rates       from an objective its recording rules and its burn-rate alerts
cause_alerts     alerts on causes, from Parley's own metrics
exporter_alerts  alerts on causes, from metrics of exporters
runbooks         the page of each alert: that each has one, and none is left over
metric_list      the metrics that docs/metrics.md lists
dashboards       Grafana's dashboards
expressions      the PromQL of all rules and dashboards
documents        what is generated, and whether the files in the repository are up to date
"""
