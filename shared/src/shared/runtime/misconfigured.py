"""The error of a process that cannot go on because of what its operator gave it."""


class Misconfigured(RuntimeError):
    """A setting, a right, the log or the database is not as it must be, and waiting does not mend it. The
    message says what is wrong and what to do. It is logged in one line, without a traceback."""
