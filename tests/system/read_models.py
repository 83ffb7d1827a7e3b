"""What the read models of a running shop say, table by table."""

from collections.abc import Mapping
from typing import LiteralString

from projections.engine.queries import ReadModelQueries
from runtime.connections import open_read_pool
from tests.system.reference_fold import Row
from tests.system.shop import Shop

TABLES: Mapping[str, tuple[str, LiteralString]] = {
    "seat": ("seat_map", "SELECT performance, seat, state, until FROM {seat_map}.seat"),
    "orders": (
        "my_orders",
        "SELECT order_id, account, status, total, cardinality(cancelled), paid_by, expires_at FROM {my_orders}.orders",
    ),
    "payment": ("my_orders", "SELECT payment, order_id, amount, captured, outcome FROM {my_orders}.payment"),
    "refund": ("my_orders", "SELECT refund, order_id, payment, status, amount FROM {my_orders}.refund"),
    "ticket": ("tickets", "SELECT ticket, order_id, account, performance, state, gate FROM {tickets}.ticket"),
    "sale": (
        "sales",
        """
        SELECT organizer, performance, day, category, ticket_type, currency, sold, returned, gross, returned_gross,
               refunded, disputes_lost
        FROM {sales}.sale
        """,
    ),
}
"""Table → the read model it belongs to, and all of its rows."""


async def rows_of(shop: Shop) -> dict[str, set[Row]]:
    """Return every row of every table."""
    async with open_read_pool(shop.settings) as pool:
        models = ReadModelQueries(pool)
        return {
            table: {tuple(row.values()) for row in (await models.fetch([model], query, {})).rows}
            for table, (model, query) in TABLES.items()
        }
