"""The error that is shown to the user as one line, without a traceback."""


class UserError(Exception):
    """Something the user can fix is missing, in use or broken; the message names it and the remedy."""
