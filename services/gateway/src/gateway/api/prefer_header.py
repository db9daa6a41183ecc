"""The `Prefer` header (RFC 7240), as far as `wait` goes."""

import re

from gateway.api import header_fields

_wait = re.compile(r"wait\s*(?:=\s*(?:([0-9]+)|\"([0-9]*)\"))?", re.IGNORECASE)

DEFAULT_WAIT_SECONDS = 5.0
MAX_WAIT_SECONDS = 10.0


def parse_wait(lines: list[str]) -> float | None:
    """Seconds; None when the client does not want to wait. Of several `wait` only the first counts; what is
    malformed is ignored."""
    for member in header_fields.list_members(lines):
        preference = member.partition(";")[0].strip()
        if preference.partition("=")[0].strip().lower() == "wait":
            form = _wait.fullmatch(preference)
            if form is None:
                return None
            digits = form[1] or form[2]
            return min(float(digits), MAX_WAIT_SECONDS) if digits else DEFAULT_WAIT_SECONDS
    return None
