"""Fixtures with logs to seal."""

from pathlib import Path

import pytest

from tests.eventstore.backends import app_url_of
from tests.eventstore.sealing.sealing import SealedLog, sealed_log


@pytest.fixture
def log(owner_url: str, tmp_path: Path) -> SealedLog:
    """An empty log with a seal archive."""
    return sealed_log(owner_url, app_url_of(owner_url), tmp_path)
