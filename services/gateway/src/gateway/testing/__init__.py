"""In-memory twins of the gateway's ports, for tests.

in_memory_store  the store, folded from an in-memory log
"""
