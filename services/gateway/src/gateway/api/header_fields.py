"""Header fields of requests, read by their grammars rather than by what stands somewhere in them."""

import re
from collections.abc import Iterable
from email.message import Message
from urllib.request import parse_http_list

_coding = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)


def list_members(lines: Iterable[str]) -> list[str]:
    """The members of a list (RFC 9110, section 5.6.1), that may be spread over several lines. A comma inside
    quotes does not separate."""
    return parse_http_list(",".join(lines))


def accepts_gzip(lines: Iterable[str]) -> bool:
    """Whether gzip serves a client with these lines of `Accept-Encoding` as well as no encoding does, or
    better (RFC 9110, section 12.5.3). A member that is malformed does not count."""
    weights: dict[str, float] = {}
    for coding in (_coding.fullmatch(member) for member in list_members(lines)):
        if coding is not None:
            weights.setdefault(coding[1].lower().removeprefix("x-"), float(coding[2] or 1))
    others = weights.get("*", 0.0)
    gzip = weights.get("gzip", others)
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def charset(content_type: str) -> str | None:
    """The charset that a `Content-Type` names, in lower case; None when it names none."""
    if "charset" not in content_type.lower():  # nearly always, and reading it costs a tenth of a call
        return None
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_charset() or None
