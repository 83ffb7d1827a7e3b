"""One gateway process and one shop, shared by the tests that do not stop them."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.sandbox_gateway import SandboxGateway
from tests.adapters.sandbox_process import SandboxProcess, Shop, running_sandbox


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "books.sqlite", shop.url) as process:
        yield process


@pytest.fixture
async def client(sandbox: SandboxProcess) -> AsyncIterator[SandboxGateway]:
    async with sandbox.client() as client:
        yield client
