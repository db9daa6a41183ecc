"""In-memory twins for tests; one contract suite holds each to what the real one promises.

in_memory_kafka   producer, group consumer and topic reader over lists
"""
