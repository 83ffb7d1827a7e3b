"""Text as people type it: accents, case and letters of one language folded to plain ones of all."""

import re
import unicodedata
from collections.abc import Iterable

WORDS_PER_EVENT_MAX = 2_000
WORDS_PER_QUERY_MAX = 10
WORD_LENGTH_MAX = 40

# Letters that no Unicode decomposition takes apart; the last one is the dotless i.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
_WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """Return the text in small plain letters: `Škvorecký` is `skvorecky`, `Straße` is `strasse`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_LETTERS)


def words(*texts: str) -> list[str]:
    """Return the distinct folded words of some texts, in order."""
    found = (word[:WORD_LENGTH_MAX] for text in texts for word in _WORD.findall(folded(text)))
    return list(dict.fromkeys(found))[:WORDS_PER_EVENT_MAX]


def prefix_query(text: str) -> str | None:
    """Return a tsquery that wants every word of `text`, each as a beginning; None: there is no word in it."""
    return conjunction(words(text)[:WORDS_PER_QUERY_MAX]) or None


def conjunction(beginnings: Iterable[str]) -> str:
    """Spell the query; words are letters and digits only, so nothing in them needs escaping."""
    return " & ".join(f"'{word}':*" for word in beginnings)
