"""The servers every test may use: started once per test process, real, and gone at the end."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.embedded import EmbeddedNats, EmbeddedPostgres
from runtime.wait_for import mend_wait_for
from tests.databases import fresh_database

SYSTEM = "tests/system"


def pytest_configure() -> None:
    """Wait as our processes wait; listen to Ctrl-C even where a script runs us in the background, which ignores it."""
    mend_wait_for()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker have all tests of the whole shop, which share it, and begin with them: they take longest."""
    items.sort(key=lambda item: not is_system(item))
    for item in items:
        group = SYSTEM if is_system(item) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def is_system(item: pytest.Item) -> bool:
    """Say whether a test needs the whole shop."""
    return item.nodeid.startswith(SYSTEM)


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail the run if a test leaves a child process behind."""
    yield
    left = [child for task in Path("/proc/self/task").iterdir() for child in _children(task)]
    assert left == [], "these processes outlived the tests"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """PostgreSQL 18 without fsync."""
    data = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(data, fast=True) as server:
        yield server
    shutil.rmtree(data)


@pytest.fixture(scope="session")
def postgres16_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The oldest PostgreSQL we support, without fsync."""
    data = tmp_path_factory.mktemp("postgres16")
    with EmbeddedPostgres(data, major=16, fast=True) as server:
        yield server
    shutil.rmtree(data)


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedNats]:
    """A nats-server with JetStream and its three users."""
    data = tmp_path_factory.mktemp("nats")
    with EmbeddedNats(data) as server:
        yield server
    shutil.rmtree(data)


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """An empty database of the test's own on PostgreSQL 18."""
    with fresh_database(postgres_server) as url:
        yield url


def _children(task: Path) -> list[str]:
    pids = (task / "children").read_text().split()
    return [f"{pid}: {_command(pid)}" for pid in pids if pid != str(os.getpid())]


def _command(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
