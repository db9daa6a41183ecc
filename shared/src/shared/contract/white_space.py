"""What counts as white space: Unicode's property White_Space, and U+FEFF, which browsers trim too.

Every language has a set of its own (Python's `str.strip` takes U+001C, JavaScript's `trim` not U+0085), so
that the contract has this list, with vectors (docs/contract/white-space.json).
"""

CODE_POINTS = (
    *range(0x0009, 0x000E),
    *(0x0020, 0x0085, 0x00A0, 0x1680),
    *range(0x2000, 0x200B),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF),
)
WHITE_SPACE = "".join(map(chr, CODE_POINTS))


def trim(text: str) -> str:
    """Remove white space at both ends."""
    return text.strip(WHITE_SPACE)


def is_blank(text: str) -> bool:
    """Return whether the text holds nothing but white space."""
    return not trim(text)
