"""Text as people type it: accents, case and letters of one language folded to plain ones of all."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

WORDS_PER_EVENT_MAX = 2_000
WORDS_PER_QUERY_MAX = 10
WORD_LENGTH_MAX = 40
UNSPACED_LENGTH_MAX = 12
"""Of what is written without blanks every ending is kept, so that it is found from any character on."""

# Letters that no Unicode decomposition takes apart; the last one is the dotless i.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
# Letters that people without them on their keyboard write as two.
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
    """Return the text in small plain letters: `Škvorecký` is `skvorecky`, `Straße` is `strasse`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_LETTERS)


def spellings(text: str) -> list[str]:
    """Return the ways in which a text may be typed: `Zürich` is `zurich` and `zuerich`."""
    as_two = unicodedata.normalize("NFC", text.casefold()).translate(_AS_TWO)
    return list(dict.fromkeys((normalize(text), normalize(as_two))))


def words(*texts: str) -> list[str]:
    """Return the distinct words of some texts in all their spellings, in order; signs where a text has no word."""
    found = (
        kept
        for text in texts
        for spelled in spellings(text)
        for word in split_words(spelled)
        for kept in searchable_suffixes(word)
    )
    return list(dict.fromkeys(found))[:WORDS_PER_EVENT_MAX]


def split_words(text: str) -> list[str]:
    """Cut a folded text into words, or into its signs if it has none."""
    return _WORD.findall(text) or _SIGNS.findall(text)


def searchable_suffixes(word: str) -> Iterator[str]:
    """Return what a word is found by from its beginning; one of a script without blanks, from any character on."""
    if not _UNSPACED.match(word):
        yield word[:WORD_LENGTH_MAX]
        return
    for begin in range(len(word)):
        yield word[begin : begin + UNSPACED_LENGTH_MAX]


def prefix_query(text: str) -> str | None:
    """Return a tsquery that wants every word of `text`, each as a beginning; None: it is blank."""
    spelled = [split_words(each)[:WORDS_PER_QUERY_MAX] for each in spellings(text)]
    wanted = [dict.fromkeys(next(searchable_suffixes(word)) for word in each) for each in zip(*spelled, strict=True)]
    return " & ".join(map(any_of, wanted)) or None


def any_of(beginnings: Iterable[str]) -> str:
    """Spell a query for words that begin with any of these."""
    spelled = " | ".join(f"{quoted(word)}:*" for word in beginnings)
    return f"({spelled})" if "|" in spelled else spelled


def quoted(word: str) -> str:
    """Write a word so that nothing in it means anything to a query."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
