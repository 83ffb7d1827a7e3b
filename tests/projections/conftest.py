"""Fixtures of the projectors' tests: a server that a test may stop, and runners."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.local.embedded import EmbeddedNats
from tests.projections.workers import ProjectionWorkers
from tests.support.shop_scenario import ShopScenario


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[EmbeddedNats]:
    """A nats-server that the test may stop and start."""
    with EmbeddedNats(tmp_path / "nats") as server:
        yield server
    shutil.rmtree(tmp_path / "nats")


@pytest.fixture
def projection_workers(projector_url: str, shop_scenario: ShopScenario) -> ProjectionWorkers:
    """Runners that fold the scenario's log."""
    return ProjectionWorkers(projector_url, shop_scenario.store)
