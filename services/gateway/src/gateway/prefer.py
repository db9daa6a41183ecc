"""The `Prefer` header (RFC 7240), as far as `wait` goes."""

import re

_preference = re.compile(r"wait(?:\s*=\s*(?:([0-9]{1,9})|\"([0-9]{1,9})\"))?", re.IGNORECASE)

DEFAULT = 5.0
LONGEST = 10.0


def wait(headers: list[str]) -> float | None:
    """Seconds; None when the client does not want to wait. What is malformed is ignored."""
    for preference in ",".join(headers).split(","):
        form = _preference.fullmatch(preference.partition(";")[0].strip())
        if form is not None:
            digits = form[1] or form[2]
            return DEFAULT if digits is None else min(float(digits), LONGEST)
    return None
