"""What the user can mend: told as one line, without a traceback."""


class Failure(Exception):
    """Something is missing, taken or broken; the message says what and what to do."""
