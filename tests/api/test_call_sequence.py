"""The README's call sequence of a booking is the one that runs."""

import re
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_stack
from typing import Any

import pytest
from pydantic import SecretStr

from eventstore.batcher import Batcher
from eventstore.postgres.appender import Appender
from tests.api.http_scenario import OpenedScenario, done
from tests.api.shop import open_shop, settings_for

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ROUTES = "api/routes/"
FRAMES_MAX = 12
NO_NATS = SecretStr("nats://127.0.0.1:9")
"""An address where no server listens: the API then notifies the relay in vain."""

Call = tuple[str, str]


def documented_calls() -> list[Call]:
    """Return the (file, function) pairs of the README's call sequence."""
    section = README.partition("## Follow one booking\n")[2].partition("\n## ")[0]
    return re.findall(r"^(\w[\w/]*\.py) +(\w+) ", section, re.MULTILINE)


def calls_from(first: str, *, called: str) -> Iterator[Call]:
    """Return our functions on the current call stack, from the first one in a folder down to the recording test."""
    frames = [frame for frame in extract_stack() if Path(frame.filename).is_relative_to(ROOT)]
    ours = [(str(Path(frame.filename).relative_to(ROOT)), frame.name) for frame in frames]
    product = [call for call in ours if not call[0].startswith(("tests/", ".venv/"))]
    begin = next(index for index, (file, _) in enumerate(product) if file.startswith(first))
    yield from product[begin:]
    yield called, "submit" if called.endswith("batcher.py") else "send"


async def test_the_readme_shows_the_calls_from_route_to_append(
    monkeypatch: pytest.MonkeyPatch, shop_database: str, box_office: OpenedScenario
) -> None:
    submit, send = Batcher.submit, Appender.send
    recorded: list[list[Call]] = []

    async def recording_submit(self: Batcher, append: Any) -> Any:
        recorded.append(list(calls_from(ROUTES, called="eventstore/batcher.py")))
        return await submit(self, append)

    async def recording_send(self: Appender, arguments: Any) -> Any:
        recorded.append(list(calls_from("eventstore/batcher.py", called="eventstore/postgres/appender.py")))
        return await send(self, arguments)

    async with open_shop(settings_for(shop_database, nats_url=NO_NATS)) as shop:
        office = box_office.at(shop)
        ann = await office.somebody()
        hold = done(await office.hold(ann, *office.seats[:2]))["hold_id"]
        monkeypatch.setattr(Batcher, "submit", recording_submit)
        monkeypatch.setattr(Appender, "send", recording_send)
        done(await office.post("/orders", ann, {"hold_id": hold}))
    route_to_queue, queue_to_database = recorded
    assert documented_calls() == route_to_queue + queue_to_database
    assert len(documented_calls()) <= FRAMES_MAX
