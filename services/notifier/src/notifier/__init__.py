"""Notifier: delivers published entries to those they are for.

live    to gateways, at once, over links
"""
