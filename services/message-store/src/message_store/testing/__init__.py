"""Twins of ports for tests.

in_memory_storage  the projector's store over dicts
"""
