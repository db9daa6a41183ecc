"""What every process needs to run.

settings          environment variables, read once
kafka_settings    how to reach Kafka, with TLS and SASL
service_settings  the services' token and certificates
tracing_settings  whether and where traces are sent
environment       where settings come from, and the types of some
secret_files      `NAME_FILE` beside every secret NAME
changed_files     notices changes of files that were read once
logging           one JSON object a line
security_events   counts security events, and logs them sampled
open_files        the limit of open files
back_off          the pauses between attempts
misconfigured     the error that an operator mends
critical_tasks    background work that a process cannot run without
stall_detector    partitions that have records but make no progress
failpoints        places where a test may have the process die
"""
