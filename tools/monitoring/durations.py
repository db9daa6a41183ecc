"""Ranges of time in PromQL."""

import re

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Durations:
    def __init__(self, faster: float = 1.0) -> None:
        """`faster`: by how much all ranges are shortened, for a test that cannot wait for hours."""
        self._faster = faster

    def __call__(self, text: str) -> str:
        """Return the range `text`, like 5m, as PromQL; shortened it has at least a millisecond."""
        if self._faster == 1.0:
            return text
        return f"{max(1, round(1_000 * seconds(text) / self._faster))}ms"


def seconds(text: str) -> int:
    """Return the length of a range. Raises ValueError."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise ValueError(f"{text} is not a range like 5m")
    return int(match[1]) * _SECONDS[match[2]]
