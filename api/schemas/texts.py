"""Text as people type it: one line or several, printable, and never only blanks that nobody sees.

Refused are control characters (a line break in a name becomes a mail header) and direction overrides (they make a text
read as another one). Zero-width blanks are taken out of single lines, as blanks at both ends are, so that two names
that read alike are alike; joiners stay, since scripts and emoji need them.
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
UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Zl", "Zp", "Zs"})
UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category, that are drawn as a blank: fillers of Hangul, the empty Braille pattern."""


def without_invisible(text: object) -> object:
    """Return a text without zero-width blanks; what is no text is returned as it is."""
    return text.translate(INVISIBLE) if isinstance(text, str) else text


def is_invisible(character: str) -> bool:
    """Tell whether a character is drawn as nothing, or as a blank."""
    return character in UNSEEN or unicodedata.category(character) in UNSEEN_CATEGORIES


def visible(text: str) -> str:
    """Return the text.

    Raises:
        ValueError: it has characters, but none that can be seen.
    """
    if text and all(map(is_invisible, visible_text(text))):
        raise ValueError("this text has no visible character")
    return text


def or_none(text: str | None) -> str | None:
    """Return None for a blank text: an empty field of a form filters nothing."""
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
    Query(description="In any spelling; blank: any."),
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
