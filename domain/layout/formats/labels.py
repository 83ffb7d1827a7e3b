"""When two labels read alike, and when one reads as nothing."""

import unicodedata

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
VARIATION_SELECTORS = map(chr, range(0xFE00, 0xFE10))
WITHOUT_WIDTH = frozenset({*FILLERS, *VARIATION_SELECTORS})
"""What has no width beside the format characters."""


def visible_text(label: str) -> str:
    """Return what people see of a label: without characters that have no width, blanks of any kind as one."""
    if label.isascii() and " " not in label:
        return label
    seen = "".join(letter for letter in label if unicodedata.category(letter) != "Cf" and letter not in WITHOUT_WIDTH)
    return " ".join(seen.split())
