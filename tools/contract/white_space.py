"""The rule for white space, with vectors that both ends are tested with."""

from typing import Any

from shared.contract.white_space import CODE_POINTS, is_blank, trim

# Seen as nothing, or as a gap, or space in another language's list; none of them is white space here.
_OTHERS = [0x001C, 0x001F, 0x00AD, 0x115F, 0x180E, 0x200B, 0x200D, 0x2060, 0x2800, 0x3164]


def spaces() -> dict[str, Any]:
    """`trimmed` is the text without white space at its ends; a text is blank when that is empty."""
    characters = map(chr, [*CODE_POINTS, *_OTHERS])
    texts = ["", " ", "a", " a b\t", "\ufeff \u0085", *(t for c in characters for t in (c, f"{c}a{c}a{c}"))]
    return {
        "codePoints": [f"U+{code_point:04X}" for code_point in CODE_POINTS],
        "vectors": [{"text": text, "trimmed": trim(text), "isBlank": is_blank(text)} for text in texts],
    }
