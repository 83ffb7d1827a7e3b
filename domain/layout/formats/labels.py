"""The visible text of a label, by which labels are compared."""

import unicodedata

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
VARIATION_SELECTORS = map(chr, range(0xFE00, 0xFE10))
WITHOUT_WIDTH = frozenset({*FILLERS, *VARIATION_SELECTORS})
"""Characters without width outside the Unicode category Cf (format)."""


def visible_text(label: str) -> str:
    """Return the visible text of a label: without characters of no width, and with single blanks between words."""
    if label.isascii() and " " not in label:
        return label
    visible = "".join(char for char in label if unicodedata.category(char) != "Cf" and char not in WITHOUT_WIDTH)
    return " ".join(visible.split())
