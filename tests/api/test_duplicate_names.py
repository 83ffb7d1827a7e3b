"""Bodies with duplicate names are refused, and no others: the fast check and the full one agree."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.http.routing import refuse_duplicate_names
from application.errors import Malformed

TEXTS = st.text(alphabet='ab"\\ü,:{}[] ', max_size=4)
NAMES = st.sampled_from(["a", "b", "ü", '"', "\\"])


def arrays(inner: st.SearchStrategy[tuple[str, bool]]) -> st.SearchStrategy[tuple[str, bool]]:
    """Yield arrays and objects, each with whether it has a duplicate name."""
    pairs = st.lists(st.tuples(NAMES, inner), max_size=4)
    return st.one_of(st.lists(inner, max_size=4).map(array_of), st.tuples(pairs, st.booleans()).map(object_of))


def array_of(items: list[tuple[str, bool]]) -> tuple[str, bool]:
    """Return an array."""
    return f"[{', '.join(text for text, _ in items)}]", any(twice for _, twice in items)


def object_of(given: tuple[list[tuple[str, tuple[str, bool]]], bool]) -> tuple[str, bool]:
    """Return an object, its names with or without escapes."""
    pairs, escaped = given
    names = [name for name, _ in pairs]
    members = [f"{json.dumps(name, ensure_ascii=escaped)}:{text}" for name, (text, _) in pairs]
    return f"{{{','.join(members)}}}", len(set(names)) < len(names) or any(twice for _, (_, twice) in pairs)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
WRITTEN = st.recursive(VALUES.map(lambda value: (json.dumps(value, ensure_ascii=False), False)), arrays)


@given(WRITTEN)
@example(('{"a":{"b":1},"a":{"b":1}}', True))
@example(('{"a":"\\"","a":""}', True))
def test_a_name_given_twice_is_refused_and_nothing_else(written: tuple[str, bool]) -> None:
    text, twice = written
    assert refuses(text.encode()) == twice


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":1,"a":2', b"NaN", b"\xff", b'{"a": 1e999}'])
def test_what_is_no_json_is_left_to_whoever_reads_it(body: bytes) -> None:
    assert not refuses(body)


def test_what_is_nested_too_deeply_is_refused() -> None:
    assert refuses(b"[" * 100_000)


def refuses(body: bytes) -> bool:
    """Return whether a body is refused."""
    try:
        refuse_duplicate_names(body)
    except Malformed:
        return True
    return False
