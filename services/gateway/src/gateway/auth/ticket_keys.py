"""The keys that seal WebSocket tickets, as the setting TICKET_KEYS has them."""

import base64
import binascii

KEY_BYTES = 32
_MIN_DISTINCT_BYTES = 16  # random keys have fewer once in 10^9 at most


def parse(text: str) -> list[bytes]:
    """Return the keys of a comma-separated list of base64. Raises ValueError, without quoting a key."""
    keys = [_parse_one(part.strip()) for part in text.split(",") if part.strip()]
    if any(len(set(key)) < _MIN_DISTINCT_BYTES for key in keys):
        raise ValueError("it is too easy to guess: `openssl rand -base64 32` makes a good one")
    return keys


def _parse_one(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(
            "must be 32 bytes in base64, several separated by commas (`openssl rand -base64 32` makes one)"
        )
    return key
