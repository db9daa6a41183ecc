"""Network faults between two processes.

tcp_relay       a TCP relay that delays, holds, resets and refuses connections
proxy_topology  which relay stands between which two processes, and the settings that lead through it
"""
