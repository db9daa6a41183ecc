"""The limit of open files of this process, and what it leaves to connections."""

import resource

RESERVED_FILES = 512
"""File descriptors that connections leave to Kafka, the store, links and files."""


def raise_limit() -> None:
    """Raise the soft limit to the hard one: each socket is an open file; the usual soft limit is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def default_connection_limit() -> int:
    """Return what the hard limit of open files leaves to connections."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return 1_000_000
    return max(files - RESERVED_FILES, files // 2)
