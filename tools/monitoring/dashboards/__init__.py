"""Grafana's dashboards.

panels     what a dashboard consists of, and its JSON
pages      all dashboards
overview   the objectives: how much of each budget is left
path       one message's way, step by step
gateway    connections, commands, requests
projector  lag, batches, what is unpublished
notifier   links and dispatch
store      queries and pools
kafka      the log, as Parley and as the brokers see it
postgres   the database, as Parley and as the server sees it
"""
