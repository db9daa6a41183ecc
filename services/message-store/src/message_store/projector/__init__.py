"""The projector: read → load → fold → write → publish.

main                 `python -m message_store project`
projector            one step after the other; dead-letters records without an event; the orderly end
event_reader         read: records from the log, and their events; garbage is a poison record
state_cache          load: the conversations that a batch refers to; messages are found by the commit
batch                fold: one batch, not yet written
pipeline             load → fold → write → publish; bisects a batch that fails and dead-letters its culprit
batch_tracing        spans of a batch and of its messages, where tracing is on
publisher            publish: chat.messages, in order
partition_ownership  which partitions are owned and how far each is; claims them again when fenced
sequence_check       exactly the records that come next
back_pressure        pauses partitions with too much unpublished
outbox               queues what was committed and perhaps not published
health               whether there is progress while there is work
"""
