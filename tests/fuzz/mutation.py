"""Damages valid input: the distance from it to what parsers get wrong is small."""

from collections.abc import Sequence
from random import Random

SPICES: Sequence[bytes] = (
    *(b"\0", b"\r\n", b"\n", b"%", b"%00", b"%FF", b"&", b"=", b'"', b"\\", b"\\ud800", b"\\u0000"),
    *(
        b"{",
        b"}",
        b"[" * 200,
        b"null",
        b"true",
        b"-1",
        b"1e400",
        b"NaN",
        b"9" * 20,
        b"9" * 400,
        b"-0",
        b"1.0",
    ),
    *("\u202e".encode(), "🌊".encode(), b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b" ", b"\t", b",", b";"),
)
"""Bytes that parsers treat specially."""


def mutate(random: Random, data: bytes, times: int | None = None) -> bytes:
    """Return `data` with a few bytes replaced, removed, doubled or added."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 4) if times is None else times):
        at, length = random.randint(0, len(changed)), random.randint(0, 8)
        match random.randint(0, 4):
            case 0:
                changed[at:at] = random.choice(SPICES)
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at : at + 1] = random.randbytes(1)
            case 3:
                changed[at:at] = changed[at : at + length]
            case _:
                changed[at : at + length] = random.choice(SPICES)
    return bytes(changed)
