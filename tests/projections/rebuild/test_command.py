"""`seatledger projections rebuild | rollback | drop`, typed at a terminal."""

from collections.abc import Callable

import psycopg
import pytest
from typer.testing import CliRunner, Result

from eventstore.postgres import PostgresStore
from projections.engine.checkpoints import schema_name
from projections.my_orders import MY_ORDERS
from runtime.cli.main import app
from runtime.cli.rebuilds import DIFFERS
from runtime.settings import SettingsRefused
from tests.databases import SECRET_KEY
from tests.projections.manual_projector import ManualProjector
from tests.projections.rebuild.log_replayer import LogReplayer

Type = Callable[..., Result]

WIDE = "200"


@pytest.fixture
async def folded(store: PostgresStore, log_replayer: LogReplayer, manual_projector: ManualProjector) -> None:
    """Every read model, folded up to the appended part."""
    await manual_projector.fold(store)


@pytest.fixture
def type_in(owner_url: str, folded: None) -> Type:
    """Runs `seatledger projections` with arguments."""
    env = {"SEATLEDGER_DATABASE_URL": owner_url, "SEATLEDGER_SECRET_KEY": SECRET_KEY, "COLUMNS": WIDE}
    return lambda *words: CliRunner(env=env).invoke(app, ["projections", *words])


def execute(url: str, statement: str) -> str:
    """Execute a statement directly; return the first value."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return str(row and row[0])


class TestCommand:
    def test_rebuilt_rolled_back_and_dropped(self, type_in: Type) -> None:
        rebuilt = type_in("rebuild", "seat_map")
        assert rebuilt.exit_code == 0, rebuilt.output
        assert "seat_map was rebuilt" in rebuilt.output
        assert "in seat_map_v1_1." in rebuilt.output
        assert "seat_map_v1_0 │ 1       │ retired" in type_in("list").output
        assert "seat_map was rolled back to seat_map_v1_0" in type_in("rollback", "seat_map").output
        assert type_in("drop", "seat_map").output == "Dropped: seat_map_v1_1.\n"
        assert type_in("drop", "seat_map").output == "Dropped: there was nothing to drop.\n"

    def test_a_dry_run_changes_nothing(self, type_in: Type) -> None:
        output = type_in("rebuild", "my_orders", "--dry-run").output
        assert "events to fold at about" in output
        assert "Nothing was changed." in output
        assert schema_name(MY_ORDERS, 1) not in type_in("list").output

    def test_differences_are_shown_and_swapped_only_with_swap_anyway(self, type_in: Type, owner_url: str) -> None:
        mended = "SELECT DISTINCT performance FROM seat_map_v1_0.tally WHERE seats = 77"
        execute(owner_url, "UPDATE seat_map_v1_0.tally SET seats = 77 RETURNING 1")
        performance = execute(owner_url, mended)
        part = type_in("rebuild", "seat_map", "--performance", performance).output
        assert f"seat_map of {performance}: replaced." in part
        assert execute(owner_url, mended) != performance
        refused = type_in("rebuild", "seat_map")
        assert refused.exit_code == DIFFERS
        assert ",77," in refused.output
        assert "Run it again with --swap-anyway" in refused.output
        assert "differs" in type_in("list").output
        assert "in seat_map_v1_1." in type_in("rebuild", "seat_map", "--swap-anyway").output

    def test_an_impossible_command_is_refused_with_one_sentence(self, type_in: Type) -> None:
        for words, sentence in (
            (("rebuild", "weather"), "There is no read model weather"),
            (("rebuild", "sales", "--performance", "p"), "rebuild it as a whole"),
            (("rollback", "sales"), "No retired version of sales"),
        ):
            refusal = type_in(*words).exception
            assert isinstance(refusal, SettingsRefused)
            assert sentence in str(refusal)
