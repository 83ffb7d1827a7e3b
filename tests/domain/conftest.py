"""The gate of a performance, for tests about entry."""

import pytest

from tests.support.gate import Gate


@pytest.fixture
def gate() -> Gate:
    """One sold seat, an hour before the start."""
    return Gate()
