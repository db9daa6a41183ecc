"""What every process needs to run.

settings         environment variables, read once
logging          one JSON object a line
security_events  counts security events, and logs them sampled
open_files       the limit of open files
back_off         the pauses between attempts
critical_task    a process ends when a task it needs fails
stall_detector   partitions that have records but make no progress
failpoints       places where a test may have the process die
"""
