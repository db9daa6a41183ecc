"""Protocols between Parley's own services, each written once for both ends (docs/internal-wire.md).

link_protocol   WebSocket messages between gateways and live notifiers
store_api       HTTP, gateway → message-store serve: parameters, answers, protocol number
"""
