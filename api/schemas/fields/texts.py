"""Text from people: one line or several, printable, with at least one visible character.

Refused are control characters (a line break in a name becomes a mail header) and direction overrides (they change how a
text reads). Zero-width blanks and blanks at both ends are removed from single lines, so that texts that look alike are
equal; joiners stay, because scripts and emoji need them.
"""

import unicodedata
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from domain.layout.formats.labels import visible_text
from domain.ports.personal_data import NAME_LENGTH_MAX
from domain.values import TEXT_LENGTH_MAX, TITLE_LENGTH_MAX

WORD_LENGTH_MAX = 80
UNPRINTABLE = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
ONE_LINE = rf"^[^{UNPRINTABLE}\n\r\t]*$"
SEVERAL_LINES = rf"^[^{UNPRINTABLE}]*$"
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Zl", "Zp", "Zs"})
INVISIBLE_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as a blank: Hangul fillers, the empty Braille pattern."""


def without_invisible(text: object) -> object:
    """Return a text without zero-width blanks; other values are returned unchanged."""
    return text.translate(INVISIBLE) if isinstance(text, str) else text


def is_invisible(character: str) -> bool:
    """Return whether a character is drawn as nothing or as a blank."""
    return character in INVISIBLE_LETTERS or unicodedata.category(character) in INVISIBLE_CATEGORIES


def visible(text: str) -> str:
    """Return the text.

    Raises:
        ValueError: it has characters, but no visible one.
    """
    if text and all(map(is_invisible, visible_text(text))):
        raise ValueError("must have a visible character")
    return text


def or_none(text: str | None) -> str | None:
    """Return None for an empty text: an empty form field is no filter."""
    return text or None


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH_MAX, pattern=ONE_LINE),
    BeforeValidator(without_invisible),
    AfterValidator(visible),
]
ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=WORD_LENGTH_MAX, pattern=ONE_LINE),
    BeforeValidator(without_invisible),
    AfterValidator(visible),
]
Spelled = Annotated[
    Annotated[
        str,
        StringConstraints(max_length=WORD_LENGTH_MAX, strip_whitespace=True),
        BeforeValidator(without_invisible),
    ]
    | None,
    AfterValidator(or_none),
    Query(description="In any spelling; empty: no filter."),
]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH_MAX, pattern=ONE_LINE),
    BeforeValidator(without_invisible),
    AfterValidator(visible),
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=TEXT_LENGTH_MAX, pattern=SEVERAL_LINES),
    AfterValidator(visible),
]
