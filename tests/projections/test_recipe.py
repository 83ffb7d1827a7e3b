"""The README's recipe for a read model works word for word: it is folded as it stands there."""

from random import Random

import pytest

from projections.engine.queries import ReadModelQueries
from tests.projections.manual_projector import ManualProjector
from tests.projections.random_history import RandomHistory
from tests.recipes import blocks_of, defined_by
from tests.support.shop_scenario import ShopScenario


@pytest.mark.parametrize("batch", [1, 10_000])
async def test_given_a_log_then_every_confirmed_order_is_counted_however_it_is_cut(
    projector_url: str, models: ReadModelQueries, batch: int
) -> None:
    (code,) = blocks_of("Add a read model.")
    recipe = defined_by(code)
    shop_scenario = ShopScenario()
    await RandomHistory(shop_scenario, Random(1)).run(100)
    async with ManualProjector(projector_url, [recipe["HOURLY_ORDERS"]]) as manual_projector:
        await manual_projector.fold(shop_scenario.store, batch=batch)
        rows = (await models.fetch([recipe["NAME"]], recipe["LIST_HOURS"], {"limit": 24})).rows
    log = await shop_scenario.store.read_range(after=0, limit=1_000_000)
    assert sum(row["confirmed"] for row in rows) == sum(event.name == "OrderConfirmed" for event in log) > 1
