"""Search in the catalogue, reduced to titles."""

from projections.catalogue import EventQuery, find_events
from projections.engine.queries import ReadModelQueries
from tests.support.shop_scenario import ShopScenario


async def found_titles(models: ReadModelQueries, shop_scenario: ShopScenario, **conditions: object) -> list[str]:
    """Return the titles of the found events."""
    query = EventQuery(**conditions)  # type: ignore[arg-type]
    return [event.title for event in await find_events(models, query, now=shop_scenario.clock.now())]
