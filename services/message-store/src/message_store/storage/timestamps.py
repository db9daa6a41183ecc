"""Times in SQL."""

from typing import LiteralString


def rfc3339(expression: LiteralString) -> LiteralString:
    """The text of a timestamptz as every wire has it: RFC 3339 in UTC with milliseconds and `Z`."""
    return f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
