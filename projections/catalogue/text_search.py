"""Normalization of text for search: without case and accents, in alternative spellings."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

WORDS_PER_EVENT_MAX = 2_000
WORDS_PER_QUERY_MAX = 10
WORD_LENGTH_MAX = 40
UNSPACED_LENGTH_MAX = 12
"""Length of a stored suffix in scripts without spaces, where each character starts a suffix."""

# Letters without a Unicode decomposition; the last one is the dotless i.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
# Letters that have an alternative spelling with two letters.
_AS_TWO = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
# Thai and Lao, Burmese, the letters of Hangul, Khmer, Kana, Han.
_UNSPACED_RANGES = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(rf"[{_UNSPACED_RANGES}]")
_WORD = re.compile(rf"(?:(?=\w)[{_UNSPACED_RANGES}])+|[^\W_{_UNSPACED_RANGES}]+")
_SIGNS = re.compile(r"\S+")


def normalize(text: str) -> str:
    """Return the text in lower case without accents: `Škvorecký` is `skvorecky`, `Straße` is `strasse`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_LETTERS)


def spellings(text: str) -> list[str]:
    """Return the alternative spellings of a text, normalized: `Zürich` is `zurich` and `zuerich`."""
    as_two = unicodedata.normalize("NFC", text.casefold()).translate(_AS_TWO)
    return list(dict.fromkeys((normalize(text), normalize(as_two))))


def words(*texts: str) -> list[str]:
    """Return the distinct search words of the texts in all spellings, in order; at most `WORDS_PER_EVENT_MAX`."""
    found = (
        kept
        for text in texts
        for spelled in spellings(text)
        for word in split_words(spelled)
        for kept in searchable_suffixes(word)
    )
    return list(dict.fromkeys(found))[:WORDS_PER_EVENT_MAX]


def split_words(text: str) -> list[str]:
    """Split a normalized text into words; into runs of other characters if it has no word."""
    return _WORD.findall(text) or _SIGNS.findall(text)


def searchable_suffixes(word: str) -> Iterator[str]:
    """Return the word, cut to `WORD_LENGTH_MAX`; in scripts without spaces, the suffix from each character."""
    if not _UNSPACED.match(word):
        yield word[:WORD_LENGTH_MAX]
        return
    for begin in range(len(word)):
        yield word[begin : begin + UNSPACED_LENGTH_MAX]


def prefix_query(text: str) -> str | None:
    """Return a tsquery that matches all words of `text` as prefixes, in any spelling; None if it is blank."""
    spelled = [split_words(each)[:WORDS_PER_QUERY_MAX] for each in spellings(text)]
    alternatives = [
        dict.fromkeys(next(searchable_suffixes(word)) for word in each) for each in zip(*spelled, strict=True)
    ]
    return " & ".join(map(any_of, alternatives)) or None


def any_of(prefixes: Iterable[str]) -> str:
    """Return a tsquery that matches a word with any of these prefixes."""
    spelled = " | ".join(f"{quote_lexeme(word)}:*" for word in prefixes)
    return f"({spelled})" if "|" in spelled else spelled


def quote_lexeme(word: str) -> str:
    """Return a word quoted as a tsquery lexeme."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
