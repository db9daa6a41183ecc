"""Parses header fields of requests by their grammars, not by substring search."""

import re
from collections.abc import Iterable
from email.message import Message
from urllib.request import parse_http_list

_coding = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)


def list_members(lines: Iterable[str]) -> list[str]:
    """Return the members of a list (RFC 9110, section 5.6.1) over all its lines. A comma inside quotes does
    not separate."""
    return parse_http_list(",".join(lines))


def accepts_gzip(lines: Iterable[str]) -> bool:
    """Whether these lines of `Accept-Encoding` prefer gzip to no encoding, or accept both alike (RFC 9110,
    section 12.5.3). Malformed members are ignored."""
    weights: dict[str, float] = {}
    for coding in (_coding.fullmatch(member) for member in list_members(lines)):
        if coding is not None:
            weights.setdefault(coding[1].lower().removeprefix("x-"), float(coding[2] or 1))
    others = weights.get("*", 0.0)
    gzip = weights.get("gzip", others)
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def charset(content_type: str) -> str | None:
    """Return the charset of a `Content-Type` in lower case; None without one."""
    if "charset" not in content_type.lower():  # true of nearly all, and parsing costs a tenth of a call
        return None
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_charset() or None
