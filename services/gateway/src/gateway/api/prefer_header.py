"""The preference `wait` of the `Prefer` header (RFC 7240)."""

import re
from typing import Any

from gateway.api import header_fields

_wait = re.compile(r"wait\s*(?:=\s*(?:([0-9]+)|\"([0-9]*)\"))?", re.IGNORECASE)

DEFAULT_WAIT_SECONDS = 5.0
MAX_WAIT_SECONDS = 10.0

DOCS: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "description": f"`wait` ({DEFAULT_WAIT_SECONDS:g} seconds) or `wait=<seconds>` "
    f"({MAX_WAIT_SECONDS:g} at most): answer 201 with the message once history has it; 202 as without, "
    "when that takes longer or history is unavailable.",
    "schema": {"type": "string"},
    "example": "wait=5",
}
"""The header as a parameter of OpenAPI."""


def parse_wait(lines: list[str]) -> float | None:
    """Seconds to wait; None without the preference. Only the first `wait` counts; a malformed one is
    ignored."""
    for member in header_fields.list_members(lines):
        preference = member.partition(";")[0].strip()
        if preference.partition("=")[0].strip().lower() == "wait":
            match = _wait.fullmatch(preference)
            if match is None:
                return None
            digits = match[1] or match[2]
            return min(float(digits), MAX_WAIT_SECONDS) if digits else DEFAULT_WAIT_SECONDS
    return None
