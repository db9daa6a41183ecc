"""Faults that a chaos run injects into a cluster, by kind.

fault           what a fault is: its group, its name, how it is injected and healed
catalogue       all faults by group, in the seeded order of a chaos suite
process_faults  processes that are killed, shut down, paused, kept down, or exit at a failpoint
clock_skew      a process whose clock is an hour off (`skewed_clock/` is put on its path)
network         latency, black holes, resets and half-closes between two processes
full_disk       PostgreSQL's disk is full
poison          records that are no valid event or entry
rebuild         the read models are emptied under load
"""
