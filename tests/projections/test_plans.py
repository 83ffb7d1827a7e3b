"""Plans of hot queries and folds use the intended indexes on large tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from projections.catalogue import query_sql as catalogue
from projections.engine.queries import ReadModelQueries
from projections.exceptions import tables as exceptions
from projections.my_orders import query_sql as my_orders
from projections.my_orders import tables as my_orders_tables
from projections.registry import EVERY_MODEL
from projections.sales import tables as sales
from projections.sales.queries import SalesFilter
from projections.seat_map import tables as seat_map
from projections.tickets import tables as tickets
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database
from tests.read_models import TEMPLATE

NOW = "2026-03-01T12:00:00+00:00"
EVENTS_SEEN: Mapping[str, Any] = {
    "everybody": False,
    "organizers": [],
    "now": NOW,
    "since": None,
    "since_day": None,
    "until": None,
    "until_day": None,
    "timed": False,
    "city": None,
    "venue": None,
    "category": None,
    "query": None,
    "after_over": False,
    "after_sort_at": NOW,
    "after_event": "e-1",
    "limit": 20,
}
PAGE: Mapping[str, Any] = {"account": "a-7", "before": 2**62, "now": NOW, "limit": 20}

SCHEMA_OF = {model.name: f"{model.name}_v{model.version}_0" for model in EVERY_MODEL}
FILL: LiteralString = """
INSERT INTO {seat_map}.seat SELECT 'p-' || n % 50, 's' || n, 'sold', NULL, 1, n FROM generate_series(1, 50000) AS n;
INSERT INTO {seat_map}.tally SELECT 'p-' || n % 5000, 'held', timestamptz '2026-01-01' + n * interval '10 s', 1
FROM generate_series(1, 50000) AS n;
INSERT INTO {my_orders}.orders
SELECT 'o-' || n, 'c' || n, 'a-' || n % 5000, 'p', 'e-' || n % 500, 'g', NULL, 'pending', 1, 'EUR', '[]',
       '{{}}', '{{}}', NULL, now(), now(), NULL, n
FROM generate_series(1, 50000) AS n;
INSERT INTO {my_orders}.payment
    (payment, order_id, account, provider, status, amount, captured, currency, expires_at, position)
SELECT 'y-' || n, 'o-' || n, 'a', 'sandbox', 'open', 1, 0, 'EUR', now(), n
FROM generate_series(1, 50000) AS n;
INSERT INTO {my_orders}.refund (
    refund, order_id, account, organizer, performance, status, lines, amount, currency, reason, attempts, requested_at,
    position
)
SELECT 'r-' || n, 'o-' || n, 'a', 'g', 'p', CASE WHEN n % 100 = 0 THEN 'requested' ELSE 'completed' END, '{{}}', 1,
       'EUR', 'x', 0, now(), n
FROM generate_series(1, 50000) AS n;
INSERT INTO {my_orders}.hold SELECT 'h-' || n, 'a-' || n % 5000, 'p', 'e', '[]', 1, 'EUR', now(), n
FROM generate_series(1, 50000) AS n;
INSERT INTO {tickets}.ticket (ticket, order_id, line_id, account, performance, event, organizer, place, ticket_type,
       state, issued_at, position)
SELECT 't-' || n, 'o-' || n, '1', 'a-' || n % 5000, 'p', 'e', 'g', '{{}}', 'adult', 'valid', now(), n
FROM generate_series(1, 50000) AS n;
INSERT INTO {exceptions}.exception (
    exception, kind, status, owner, provider, amount, currency, refundable, attempts, opened_at, position, order_id
) SELECT 'x-' || n, 'unknown_capture', CASE WHEN n % 100 = 0 THEN 'open' ELSE 'closed' END, 'support', 'sandbox', 1,
         'EUR', 1, 0, now(), n, 'o-' || n FROM generate_series(1, 50000) AS n;
INSERT INTO {sales}.ordered SELECT 'o-' || n, 'g', 'p', 'EUR', '[]' FROM generate_series(1, 50000) AS n;
INSERT INTO {sales}.sale SELECT 'g-' || n % 50, 'p-' || n, '2026-01-01', 'A', 'adult', 'EUR', 1, 0, 1, 0, 0, 0
FROM generate_series(1, 20000) AS n;
INSERT INTO {catalogue}.organizer VALUES ('g', 'The Globe', 1);
INSERT INTO {catalogue}.venue SELECT 'v-' || n, 'g', 'V', 'A', 'C' || n % 100, 'CZ', 'UTC', 'UTC',
       ARRAY['c' || n % 100], '{{}}', n FROM generate_series(1, 1000) AS n;
INSERT INTO {catalogue}.event SELECT 'e-' || n, 'g', 'v-' || n % 1000, 'T', 'D', 'K', ARRAY['k'], NULL, 'published',
       true, '{{}}', array_to_tsvector(ARRAY['w' || n % 1000, 'x' || n]), n FROM generate_series(1, 20000) AS n;
INSERT INTO {catalogue}.performance SELECT 'p-' || n, 'e-' || n % 20000, 'g', 'v', 'l', 1, 'EUR', now(), NULL, now(),
       '[]', 1, '{{}}', '{{}}', 'open', NULL, n FROM generate_series(1, 40000) AS n;
ANALYZE;
"""
SEARCH: Mapping[str, Any] = {
    "owner": None,
    "organizers": [],
    "status": None,
    "now": NOW,
    "performance": None,
    "account": None,
    "searching": True,
    "codes": [],
    "orders": [],
    "accounts": [],
    "contacts": [],
    "label": None,
    "before": 10**9,
    "limit": 20,
}
LISTING = {**SEARCH, "searching": False}


async def plan_of(
    models: ReadModelQueries, owner_url: str, names: list[str], query: LiteralString, parameters: Mapping[str, Any]
) -> str:
    """Return the plan of a query, composed as for the API."""
    schemas = [SCHEMA_OF[name] for name in names]
    bound = {**parameters, "read_models": names, "read_schemas": schemas}
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
        statement = models.compose(query, names, schemas)
        rows = await (await connection.execute(b"EXPLAIN " + statement.as_bytes(connection), bound)).fetchall()
        return "\n".join(row[0] for row in rows)


@pytest.fixture(scope="module")
def filled(projections_server: EmbeddedPostgres) -> Iterator[str]:
    """The owner's URL of a database with large tables, shared by read-only tests."""
    with fresh_database(projections_server, template=TEMPLATE) as url:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(sql.SQL(FILL).format(**{name: sql.Identifier(of) for name, of in SCHEMA_OF.items()}))
        yield url


@pytest.fixture
def owner_url(filled: str) -> str:
    return filled


HOT_QUERIES: Sequence[tuple[list[str], LiteralString, Mapping[str, Any], str]] = (
    (["seat_map"], seat_map.SEATS_OF_PERFORMANCE, {"performance": "p-7"}, "seat_pkey"),
    (["seat_map"], seat_map.TALLIES, {"performances": ["p-7"], "now": NOW}, "tally_pkey"),
    (["my_orders"], my_orders.ORDERS_OF_ACCOUNT, PAGE, "orders_of_account"),
    (["my_orders"], my_orders.ORDER, {"order": "o-7"}, "orders_pkey"),
    (["my_orders"], my_orders.ORDERS_BY_CODE, {"code": "c7"}, "orders_by_code"),
    (["my_orders"], my_orders.FIND_ORDERS, {**SEARCH, "codes": ["c7"]}, "orders_by_code"),
    (["my_orders"], my_orders.FIND_ORDERS, {**SEARCH, "contacts": ["k-7"]}, "orders_of_contact"),
    (
        ["my_orders"],
        my_orders.FIND_ORDERS,
        {**LISTING, "account": "a-7"},
        "orders_of_account",
    ),
    (["my_orders"], my_orders.ORDER, {"order": "o-7"}, "payments_of_order"),
    (["my_orders"], my_orders.ORDER, {"order": "o-7"}, "refunds_of_order"),
    (
        ["my_orders"],
        my_orders.REFUNDS_BY_STATUS,
        {"status": "requested", "after": 5, "limit": 20},
        "refunds_by_status",
    ),
    (["my_orders"], my_orders.REFUNDS, {"after": 5, "limit": 20}, "refunds_by_position"),
    (["my_orders"], my_orders.HOLDS_OF_ACCOUNT, PAGE, "holds_of_account"),
    (["my_orders"], my_orders.BOOKED, {"event": "e-7", "now": NOW}, "orders_of_event"),
    (
        ["exceptions"],
        exceptions.EXCEPTIONS_BY_STATUS,
        {"status": "open", "kind": None, "after": 5, "limit": 20},
        "exceptions_by_status",
    ),
    (["exceptions"], exceptions.EXCEPTIONS_OF_ORDER, {"order": "o-7", "limit": 9}, "exceptions_of_order"),
    (["exceptions"], exceptions.EXCEPTIONS, {"kind": None, "after": 5, "limit": 20}, "exceptions_by_position"),
    (["tickets"], tickets.TICKETS_OF_ACCOUNT, PAGE, "tickets_of_account"),
    (["tickets"], tickets.TICKETS_OF_ORDER, {"order": "o-7"}, "tickets_of_order"),
    (["catalogue"], catalogue.FIND_EVENTS, {**EVENTS_SEEN, "query": "'w7':* & 'x7':*"}, "event_by_word"),
    (["catalogue"], catalogue.FIND_EVENTS, {**EVENTS_SEEN, "city": ["c7"]}, "event_by_venue"),
    (["catalogue"], catalogue.EVENT, {**EVENTS_SEEN, "event": "e-7"}, "event_pkey"),
    (
        ["catalogue", "seat_map"],
        catalogue.PERFORMANCES_OF_EVENTS,
        {**EVENTS_SEEN, "events": ["e-7"], "per_event": 10},
        "performance_of_event",
    ),
    (["catalogue", "seat_map"], catalogue.PERFORMANCE, {"performance": "p-7", "now": NOW}, "tally_pkey"),
    (
        ["sales"],
        sales.SALES,
        SalesFilter(organizers=["g-7"]).parameters,
        "sale_pkey",
    ),
)
"""Read models, query, parameters, and the index that the plan must use."""


class TestPlans:
    async def test_every_hot_query_uses_its_index(self, models: ReadModelQueries, owner_url: str) -> None:
        for names, query, parameters, index in HOT_QUERIES:
            plan = await plan_of(models, owner_url, names, query, parameters)
            assert index in plan, f"{index}: {query}\n{plan}"

    async def test_every_fold_of_an_existing_row_uses_an_index(self, owner_url: str) -> None:
        async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as connection:
            # As in a projector's session.
            await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
            for schema, statement in (
                ("seat_map", seat_map.FOLD_SEATS),
                ("seat_map", seat_map.DROP_EMPTY_TALLIES),
                ("my_orders", my_orders_tables.MOVE_ORDERS),
                ("my_orders", my_orders_tables.MOVE_PAYMENTS),
                ("exceptions", exceptions.MOVE),
                ("my_orders", my_orders_tables.MOVE_REFUNDS),
                ("my_orders", my_orders_tables.END_HOLDS),
                ("tickets", tickets.VOID),
                ("tickets", tickets.ENTER),
                ("sales", sales.ADD_SOLD),
                ("sales", sales.ADD_RETURNED),
                ("sales", sales.ADD_REFUNDED),
            ):
                await connection.execute(f"SET search_path = {SCHEMA_OF[schema]}")
                cursor = psycopg.AsyncClientCursor(connection)
                await cursor.execute("EXPLAIN " + statement, {"rows": "[]"})
                plan = "\n".join(row[0] for row in await cursor.fetchall())
                assert "Seq Scan" not in plan, f"{statement}\n{plan}"
                assert "Index" in plan, f"{statement}\n{plan}"
