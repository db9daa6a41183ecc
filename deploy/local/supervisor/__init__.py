"""Starts processes in stages, restarts those that exit and stops all in reverse order.

* `supervisor`: the stages of one stack
* `runner`: runs one process and restarts it
* `process`: a program to run and the child process that it becomes
* `handle`: identifies a running process by pid and start time
* `health_checks`: readiness probes over TCP and HTTP
* `ports`: reserves free ports
* `console`: prints the output of all processes
* `log_files`: writes it to one bounded file a process
"""
