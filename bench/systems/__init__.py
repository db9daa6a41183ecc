"""What is measured, and the data written into it beforehand.

system             what the scenarios need of a server
parley             a stack of Parley, from this checkout or another
server_process     a server as a process of the bench's own
seed_events        events into Kafka, as a gateway would have produced them
seed_read_models   many messages into the read models, to read pages from
seed_history       a long history into the read models, to catch up with
peers              other servers on the same machine
"""
