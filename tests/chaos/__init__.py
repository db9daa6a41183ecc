"""The fault suite: everything fails in turn, under load, and every promise is checked afterwards.

chaos_suite   the command line: groups of faults, one cluster and one population each
chaos_run     one population under load in a cluster, one fault after the other, then the checker
recovery      how long the system takes to recover from a fault
run_result    what a run found: recoveries and violations
report        the results as Markdown and JSON

cluster/      all of Parley as real processes in the hands of a test
proxy/        network faults between two processes
faults/       what is injected, by kind
load/         the clients, who record a history of all they do and receive
checker/      the history against what the system holds in the end, invariant by invariant
mutants/      planted bugs, which prove that the checker finds them
"""
