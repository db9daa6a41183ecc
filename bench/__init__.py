"""How fast Parley is, and what it costs: `python -m bench --help`.

__main__     runs the command line
cli          the command line: one command a scenario
scenarios    the comparisons
systems      what is measured: Parley's stack and other servers, and the data written into them
load         load generators in processes of their own
measure      CPU, latencies and validity of a round
report       results, goals, tables and plots

Recorded comparisons are in bench/results/.
"""
