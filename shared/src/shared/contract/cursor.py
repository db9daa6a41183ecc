"""What a client has received: one opaque text for REST and WebSocket, valid as long as the log is kept.

base64url of: version (1 byte), epoch (8), SHA-256 of the user id (first 4), a varint with the number of
partitions, a LEB128 varint with the next offset for each of them, CRC-32 of all that (4, big-endian).
It holds no secret and grants no rights. The checksum detects garbage, the hash another user's cursor.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_VERSION = 1
_MAX_TEXT = 600
_HEAD = 13  # version, epoch, user


class InvalidCursor(ValueError):
    """The text is not a cursor."""


class Cursor(NamedTuple):
    epoch: str
    user_hash: bytes
    offsets: tuple[int, ...]
    """Per partition the next offset to be seen: everything below was seen."""

    def belongs_to(self, user_id: str) -> bool:
        return self.user_hash == _hash(user_id)


def encode(epoch: str, user_id: str, offsets: Sequence[int]) -> str:
    """Encode the user's next offset of each partition."""
    body = bytes([_VERSION]) + bytes.fromhex(epoch) + _hash(user_id) + _pack_varints([len(offsets), *offsets])
    sealed = body + binascii.crc32(body).to_bytes(4, "big")
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def decode(text: str) -> Cursor:
    """Decode a cursor. Raises InvalidCursor."""
    if len(text) > _MAX_TEXT:
        raise InvalidCursor("is longer than any cursor")
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise InvalidCursor("is not a cursor") from None
    body, checksum = sealed[:-4], sealed[-4:]
    if len(body) <= _HEAD or binascii.crc32(body) != int.from_bytes(checksum, "big") or body[0] != _VERSION:
        raise InvalidCursor("is not a cursor")
    count, *offsets = _unpack_varints(body[_HEAD:])
    if count != len(offsets):
        raise InvalidCursor("is not a cursor")
    return Cursor(body[1:9].hex(), body[9:_HEAD], tuple(offsets))


def _hash(user_id: str) -> bytes:
    return hashlib.sha256(user_id.encode()).digest()[:4]


def _pack_varints(numbers: Iterable[int]) -> bytes:
    packed = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _unpack_varints(packed: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number, shift = 0, 0
    if shift:
        raise InvalidCursor("is not a cursor")
    return numbers
