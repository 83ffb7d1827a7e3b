"""Data folders for servers that a test may end in any way."""

import shutil
from pathlib import Path

import pytest

from runtime.local.embedded import EmbeddedPostgres


@pytest.fixture(scope="session")
def made_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which PostgreSQL has run once, to be copied."""
    data = tmp_path_factory.mktemp("made")
    with EmbeddedPostgres(data, fast=True):
        pass
    (data / "port").unlink()
    return data


@pytest.fixture
def folder(tmp_path: Path, made_cluster: Path) -> Path:
    """A server's folder that spares PostgreSQL the making of a cluster; a nats-server does not mind."""
    return shutil.copytree(made_cluster, tmp_path / "server")
