"""The vocabulary all services speak.

ids, vocabulary      what users, conversations and messages are called, and what a valid one is
events               what users did            (topic chat.events, internal)
entries              what came of it           (topic chat.messages, the public contract)
frames               what clients and gateway say to one another
showing              what a client is shown of an entry
position, cursor     places in the log, as clients hold them
codec                models to bytes and back
topics, kafka        the log and the only door to it
problems, probes     how HTTP errors and health look, everywhere
settings, logs       how a process is configured and how it speaks
"""
