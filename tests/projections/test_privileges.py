"""Privileges: the projector's role writes read models only, the application's role reads them only."""

import psycopg
import pytest
from psycopg import errors

from projections.my_orders import MY_ORDERS

NOT_FOR_THE_PROJECTOR = (
    "DELETE FROM eventstore.event",
    "UPDATE eventstore.event SET data = '{}'",
    "INSERT INTO eventstore.command VALUES (gen_random_uuid(), '', '', '', 1, 1)",
    "SELECT FROM eventstore.command",
    "DELETE FROM projections.projection",
    "DROP TABLE projections.projection",
    "CREATE SCHEMA mine",
    "CREATE TABLE eventstore.mine (a integer)",
    "CREATE TABLE public.mine (a integer)",
)
NOT_FOR_THE_APPLICATION = (
    "UPDATE projections.projection SET position = 0",
    "DELETE FROM projections.build",
    "UPDATE projections.build SET state = 'following'",
    "INSERT INTO projections.wish (wish_id, name, kind, swap_anyway) VALUES (uuidv7(), 'sales', 'drop', false)",
    "UPDATE projections.wish SET taken_at = NULL",
    "INSERT INTO seat_map_v1_0.tally VALUES ('p', 'held', now(), 1)",
    f"DELETE FROM my_orders_v{MY_ORDERS.version}_0.orders",
    "SELECT projections.create_schema('x_v1_1')",
    "SELECT projections.drop_schema('seat_map_v1_0')",
)


class TestPrivileges:
    async def test_the_projector_reads_events_and_writes_read_models(self, projector_url: str) -> None:
        async with await psycopg.AsyncConnection.connect(projector_url, autocommit=True) as connection:
            await connection.execute("SELECT FROM eventstore.event")
            for statement in NOT_FOR_THE_PROJECTOR:
                with pytest.raises(errors.InsufficientPrivilege):
                    await connection.execute(statement.encode())

    async def test_the_application_only_reads_read_models(self, app_url: str) -> None:
        async with await psycopg.AsyncConnection.connect(app_url, autocommit=True) as connection:
            await connection.execute("SELECT FROM seat_map_v1_0.seat")
            for statement in NOT_FOR_THE_APPLICATION:
                with pytest.raises(errors.InsufficientPrivilege):
                    await connection.execute(statement.encode())

    @pytest.mark.parametrize("name", ["eventstore", "projections", "public", "pg_catalog", "Seat_v1_1", "a_v1_1; DROP"])
    async def test_only_schemas_of_read_models_can_be_created_and_dropped(self, projector_url: str, name: str) -> None:
        async with await psycopg.AsyncConnection.connect(projector_url, autocommit=True) as connection:
            for statement in ("SELECT projections.create_schema(%s)", "SELECT projections.drop_schema(%s)"):
                with pytest.raises(errors.InvalidSchemaName):
                    await connection.execute(statement, [name])
