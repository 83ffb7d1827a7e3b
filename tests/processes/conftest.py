"""One gateway process for all tests that don't end it; its webhooks lead nowhere."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.sandbox_gateway import SandboxGateway
from eventstore.memory import MemoryStore
from tests.adapters.sandbox_process import SandboxProcess, running_sandbox
from tests.laws.world import World
from tests.processes.shop import ShiftedClock, Shop, memory_state

NOWHERE = "http://127.0.0.1:9/webhooks"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("processes") / "books.sqlite", NOWHERE) as process:
        yield process


@pytest.fixture
async def gateway(sandbox: SandboxProcess) -> AsyncIterator[SandboxGateway]:
    async with sandbox.client() as client:
        yield client


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def shop(gateway: SandboxGateway, clock: ShiftedClock) -> Shop:
    """A shop in memory, with the real gateway."""
    world = World(MemoryStore(now=clock.now), clock, cache_size=0)
    await world.open()
    _, state = memory_state(clock)
    shop = Shop(world, gateway, state)
    await shop.ignore_older_books()
    return shop
