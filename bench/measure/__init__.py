"""What a round used and what it says.

cpu_accounting    CPU by process tree, and what else happened on the machine
figures           the numbers of one round of messages: pure
knee              the highest rate that a server carries: pure
round_validity    whether a round counts: pure
storm_impact      what a reconnect storm did to clients: pure
metrics_sampler   metrics and database, read again and again meanwhile
profiler          py-spy beside a process
query_plan        how PostgreSQL runs a prepared statement
"""
