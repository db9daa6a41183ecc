"""The voice: tells what came of the events to those whom it is for.

live    to gateways, at once, over links
"""
