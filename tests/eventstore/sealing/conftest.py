"""Logs to seal."""

from pathlib import Path

import pytest

from tests.eventstore.backends import app_url_of
from tests.eventstore.sealing.sealing import SealedLog, sealed_log


@pytest.fixture
def log(owner_url: str, tmp_path: Path) -> SealedLog:
    """An empty log of the test's own, with a second place."""
    return sealed_log(owner_url, app_url_of(owner_url), tmp_path)
