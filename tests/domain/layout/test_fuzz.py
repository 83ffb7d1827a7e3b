"""Is every document either read or refused with its faults?"""

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from domain.layout import (
    FORMATS,
    Fault,
    Inventory,
    LayoutFaults,
    publish,
    read_layout,
    to_public_document,
    write_native,
)
from tests.domain.layout.samples import CSV, SAMPLES

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**30), 2**53, 0, 1, 1e308, float("nan"), float("inf"), -0.0, 1e-320, 1e7]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["\x00", "\ud800", "?", "", " ", "1", "A", "s1", "s7", "a3", "\u202e", "x" * 1_000, "ﬀ", "e\u0301"]
    ),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) inside a document."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    found = [(value, key) for key in keys]
    return found + [spot for key in keys for spot in spots(value[key])]


@st.composite
def mutated(draw_from: st.DrawFn, original: dict[str, Any]) -> dict[str, Any]:
    """Change a document in one to four places: replace, remove, repeat, or put one part where another was."""
    document = copy.deepcopy(original)
    for _ in range(draw_from(st.integers(1, 4))):
        places = spots(document)
        if not places:
            break
        container, key = draw_from(st.sampled_from(places))
        match draw_from(st.sampled_from(["replace", "remove", "repeat", "graft"])):
            case "replace":
                container[key] = draw_from(VALUES)
            case "remove":
                del container[key]
            case "repeat" if isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
            case _:
                other, name = draw_from(st.sampled_from(places))
                container[key] = copy.deepcopy(other[name])
    return document


def assert_fit_for_sending(faults: Sequence[Fault]) -> None:
    assert faults
    json.dumps([[fault.code, fault.path, fault.message] for fault in faults], ensure_ascii=False).encode()


def survives(format_name: str, document: object) -> None:
    """Read a document; a draft must go all the way, and a refusal must be fit for sending."""
    try:
        draft = read_layout(format_name, document)
    except LayoutFaults as refused:
        event("refused")
        assert_fit_for_sending(refused.faults)
        return
    event("read")
    layout = publish(draft)
    exported = write_native(layout)
    again = publish(read_layout("seatledger", exported.decode()))
    assert write_native(again) == exported
    assert len(Inventory(layout)) == layout.capacity
    assert json.dumps(to_public_document(layout), allow_nan=False).encode()


class TestAnyDocument:
    @pytest.mark.parametrize("format_name", [name for name in FORMATS if name != "csv"])
    @given(data=st.data())
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    def test_a_mutated_document_is_read_or_refused(self, format_name: str, data: st.DataObject) -> None:
        survives(format_name, data.draw(mutated(SAMPLES[format_name])))

    @given(st.sampled_from(FORMATS), VALUES)
    def test_any_value_is_read_or_refused(self, format_name: str, document: object) -> None:
        survives(format_name, document)

    @given(st.data())
    def test_a_mutated_table_is_read_or_refused(self, data: st.DataObject) -> None:
        text = CSV
        for _ in range(data.draw(st.integers(1, 5))):
            begin = data.draw(st.integers(0, len(text)))
            end = data.draw(st.integers(begin, min(len(text), begin + 6)))
            inserted = data.draw(
                st.text(max_size=4) | st.sampled_from([",", '"', "\n", "\r", ";", "\x00", "\ud800", "nan"])
            )
            text = text[:begin] + inserted + text[end:]
        survives("csv", text)
