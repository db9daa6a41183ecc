"""The keys that seal WebSocket tickets, as the setting TICKET_KEYS has them."""

import base64
import binascii

KEY_BYTES = 32


def parse(text: str) -> list[bytes]:
    """Return the keys of a comma-separated list of base64. Raises ValueError, without quoting a key."""
    return [_parse_one(part.strip()) for part in text.split(",") if part.strip()]


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
