"""Faults that a chaos run injects into a cluster, by kind.

fault         what a fault is: its group, its name, how it is injected and healed
catalogue     all faults by group, in the seeded order of a chaos suite
kills         SIGKILL, clean shutdown
failpoints    exits between two steps of a process's work
rebalances    members of a consumer group leave and return
pauses        SIGSTOP for longer than the timeouts of others
clock_skew    a process whose clock is an hour off (`skewed_clock/` is put on its path)
network       latency, black holes, resets and half-closes between two processes
full_disk     PostgreSQL's disk is full
poison        records that are no valid event or entry
rebuild       the read models are emptied under load
"""
