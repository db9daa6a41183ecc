"""Rules, dashboards and metrics against a real promtool, a real Prometheus and real processes.

rule_scenarios     for each alert, series that fire it and series that do not
promtool           checks rules and runs scenarios
prometheus_server  a Prometheus that scrapes a stack
exporters.prom     samples in the form of the exporters
load               traffic that reaches every metric
"""
