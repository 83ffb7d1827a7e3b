"""The servers every test may use: started once per test process, real, and gone at the end."""

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from runtime.local.embedded import EmbeddedNats, EmbeddedPostgres
from runtime.tuning.asyncio_compat import patch_wait_for
from tests.databases import fresh_database
from tests.example_count import ExampleCount
from tests.temp_folders import folder_in_memory

pytest_plugins = ["tests.read_models"]

SYSTEM = "tests/system"
LONG = (SYSTEM, "tests/restore", "tests/properties/engine")
OBJECTS_BETWEEN_LOOKS = 50_000
"""Looking for garbage after every 700 objects, among all that a test run keeps, was a tenth of its work."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the soak ask for more."""
    parser.addoption("--effort", type=int, default=1, help="try so many times as many examples")


def pytest_configure() -> None:
    """Wait as our processes wait; listen to Ctrl-C even where a script runs us in the background, which ignores it."""
    patch_wait_for()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test of a state machine once per unit of effort, each time with a seed of its own."""
    if "round_seed" in metafunc.fixturenames:
        example_count = example_count_of(metafunc.config)
        metafunc.parametrize("round_seed", range(example_count.seed, example_count.seed + example_count.times))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that neither worker waits for the other in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among what stays until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Let one worker have all tests of the whole shop, which share it, and one each other file."""
    return ByFile(config, log)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives workers whole files, and one of them a whole folder."""

    def _split_scope(self, nodeid: str) -> str:
        return SYSTEM if nodeid.startswith(SYSTEM) else nodeid.partition("::")[0]


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail the run if a test leaves a child process behind."""
    yield
    left = [child for task in Path("/proc/self/task").iterdir() for child in _children(task)]
    assert left == [], "these processes outlived the tests"


@pytest.fixture(scope="session")
def example_count(pytestconfig: pytest.Config) -> ExampleCount:
    """How much to do."""
    return example_count_of(pytestconfig)


def example_count_of(config: pytest.Config) -> ExampleCount:
    """Read what the command line asks for."""
    seed = config.getoption("--hypothesis-seed")
    return ExampleCount(times=config.getoption("--effort"), seed=int(seed or 0))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """PostgreSQL 18 without fsync."""
    with folder_in_memory() as data, EmbeddedPostgres(data, fast=True) as server:
        yield server


@pytest.fixture(scope="session")
def postgres16_server() -> Iterator[EmbeddedPostgres]:
    """The oldest PostgreSQL we support, without fsync."""
    with folder_in_memory() as data, EmbeddedPostgres(data, major=16, fast=True) as server:
        yield server


@pytest.fixture(scope="session")
def nats_server() -> Iterator[EmbeddedNats]:
    """A nats-server with JetStream and its three users."""
    with folder_in_memory() as data, EmbeddedNats(data) as server:
        yield server


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
