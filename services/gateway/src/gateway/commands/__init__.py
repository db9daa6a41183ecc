"""What users do: each command becomes an event in the log.

registry             all commands; routes, frames and documents come from it
command              what a command declares and does
send_message         POST /messages, frame `message`
mark_read            POST /messages/read, frame `read`
start_direct         POST /messages/start

event_writer         gives events their id, source and time, and counts what the log took
event_producer       appends events to the partition of their conversation
log_bounds           whether a position or cursor lies within the log
membership_cache     who may write to a conversation
outcomes             counts how commands end
unchecked_writes    limits writes that cannot be checked while the store is away
read_receipts        coalesces the read receipts of frames
progress_reader      the store's progress, read once for all that need it at the same time
"""
