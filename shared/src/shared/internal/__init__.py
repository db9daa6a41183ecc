"""The protocols between Parley's own services, each written once for both ends.

store_api  HTTP, gateway → message-store serve: parameters, answers, protocol number
"""
