"""One running shop for all tests of this folder; those that end it come last."""

from collections.abc import Iterator

import pytest

from tests.system.shop import Shop, running
from tests.temp_folders import folder_in_memory

DEMO_ROLES = ("admin", "organizer", "gate", "support", "auditor")


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """Everything `seatledger up` starts, with the demo in it; its staff signs in before anybody guesses passwords."""
    with folder_in_memory() as folder, running(folder / "data") as running_shop:
        for role in DEMO_ROLES:
            running_shop.token(role)
        yield running_shop
