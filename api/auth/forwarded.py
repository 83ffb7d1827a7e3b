"""Parser of the header `Forwarded` (RFC 7239), read from its right end, where the operator's own proxies append.

Commas and semicolons inside quotes separate nothing, because a proxy may pass on the sender's quoted `host`. Everything
further left was written by the sender.
"""

import re
from collections.abc import Iterator

ELEMENT_LENGTH_MAX = 512
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
INSIDE_QUOTES = str.maketrans(";=", "__")
FOR_PARAMETER = re.compile(r'(?:^|;)[ \t]*for="?([^";]+)"?[ \t]*(?:;|$)', re.IGNORECASE)


def elements_from_right(line: str, count: int) -> Iterator[str]:
    """Yield the last elements of a line, the nearest first; an overlong element ends the iteration as an empty text."""
    end, quoted = len(line), False
    for index in range(len(line) - 1, -1, -1):
        if end - index > ELEMENT_LENGTH_MAX:
            yield ""
            return
        if line[index] == '"' and not is_escaped(line, index):
            quoted = not quoted
        elif line[index] == "," and not quoted:
            yield line[index + 1 : end]
            end, count = index, count - 1
            if not count:
                return
    yield line[:end]


def is_escaped(line: str, index: int) -> bool:
    """Return whether a character follows an odd number of backslashes."""
    before = line[max(0, index - ELEMENT_LENGTH_MAX) : index]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def forwarded_for(element: str) -> str:
    """Return the `for` parameter of an element; empty without one."""
    masked = QUOTED.sub(lambda quoted: quoted[0].translate(INSIDE_QUOTES), element.strip())
    found = FOR_PARAMETER.search(masked)
    return found[1] if found else ""
