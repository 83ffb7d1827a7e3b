"""`scripts/bench NAME` finds every benchmark it offers."""

from importlib import import_module

import pytest

from bench.__main__ import BENCHMARKS


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_name_is_a_module_with_a_main(name: str) -> None:
    assert callable(import_module(f"bench.{name}").main)
