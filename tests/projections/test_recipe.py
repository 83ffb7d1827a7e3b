"""The README's recipe for a read model works word for word: it is folded as it stands there."""

from random import Random

import pytest

from projections.reading import ReadModelQueries
from tests.projections.history import Historian
from tests.projections.shelf import Shelf
from tests.projections.town import Town
from tests.recipes import blocks_of, defined_by


@pytest.mark.parametrize("batch", [1, 10_000])
async def test_given_a_log_then_every_confirmed_order_is_counted_however_it_is_cut(
    projector_url: str, models: ReadModelQueries, batch: int
) -> None:
    (code,) = blocks_of("Add a read model.")
    recipe = defined_by(code)
    town = Town()
    await Historian(town, Random(1)).live(100)
    async with Shelf(projector_url, [recipe["HOURLY_ORDERS"]]) as shelf:
        await shelf.fold(town.store, batch=batch)
        rows = (await models.fetch([recipe["NAME"]], recipe["LIST_HOURS"], {"limit": 24})).rows
    log = await town.store.read_range(after=0, limit=1_000_000)
    assert sum(row["confirmed"] for row in rows) == sum(event.name == "OrderConfirmed" for event in log) > 1
