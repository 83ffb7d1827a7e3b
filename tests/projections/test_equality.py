"""Read models equal the fold of the log for random histories, for any batches, and for repeated events."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from domain.event_registry import EVENTS
from eventstore.postgres.roles import PROJECTOR_ROLE, role_url
from eventstore.store import RecordedEvent
from projections.engine.checkpoints import LeaseLost
from projections.engine.queries import ReadModelQueries
from projections.registry import EVERY_MODEL
from projections.seat_map import fold as seat_map
from runtime.local.embedded import EmbeddedPostgres
from tests.databases import fresh_database, role_password
from tests.projections.manual_projector import ManualProjector, batch_of
from tests.projections.random_history import RandomHistory
from tests.read_models import TEMPLATE
from tests.support.shop_scenario import ShopScenario
from tests.system.log import decoded
from tests.system.read_models import TABLES
from tests.system.reference_fold import fold_reference

DEEDS = 400
SEEDS = (1, 2, 3)
EVENTS_SEEN_MIN = 45


async def history(seed: int) -> Sequence[RecordedEvent]:
    """Return a log with nearly every kind of event."""
    shop_scenario = ShopScenario()
    await RandomHistory(shop_scenario, Random(seed)).run(DEEDS)
    return await shop_scenario.store.read_range(after=0, limit=1_000_000)


class Copies:
    """Creates empty read models, each set in its own database."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server

    async def contents(self, batches: Sequence[Sequence[RecordedEvent]]) -> dict[str, object]:
        """Fold some batches; return all rows of all tables."""
        with fresh_database(self._server, template=TEMPLATE) as url:
            async with ManualProjector(
                role_url(url, PROJECTOR_ROLE, role_password(PROJECTOR_ROLE))
            ) as manual_projector:
                for batch in batches:
                    await manual_projector.fold_events(batch)
                return dict(await manual_projector.contents())


@pytest.fixture
def copies(projections_server: EmbeddedPostgres) -> Copies:
    """A factory of empty read models."""
    return Copies(projections_server)


def commands_of(log: Sequence[RecordedEvent]) -> list[list[RecordedEvent]]:
    """Split a log into its commands."""
    cut: list[list[RecordedEvent]] = []
    for event in log:
        if event.part == 1:
            cut.append([])
        cut[-1].append(event)
    return cut


def cut_at_random(log: Sequence[RecordedEvent], random: Random) -> list[list[RecordedEvent]]:
    """Split a log into batches of whole commands."""
    commands = commands_of(log)
    batches: list[list[RecordedEvent]] = []
    while commands:
        size = random.choice([1, 2, 5, 30, 200])
        batches.append([event for command in commands[:size] for event in command])
        commands = commands[size:]
    return batches


class TestEquality:
    @pytest.mark.parametrize("seed", SEEDS)
    async def test_rows_equal_an_independent_fold_of_the_log(
        self, seed: int, manual_projector: ManualProjector, models: ReadModelQueries
    ) -> None:
        log = await history(seed)
        for batch in cut_at_random(log, Random(seed)):
            await manual_projector.fold_events(batch)
        expected = fold_reference(decoded(log)).rows()
        for table, (model, query) in TABLES.items():
            found = (await models.fetch([model], query, {})).rows
            assert {tuple(row.values()) for row in found} == expected[table], table

    @pytest.mark.parametrize("seed", SEEDS[:1])
    async def test_the_size_of_batches_makes_no_difference(self, seed: int, copies: Copies) -> None:
        log = await history(seed)
        whole = await copies.contents([log])
        assert await copies.contents(commands_of(log)) == whole
        assert await copies.contents(cut_at_random(log, Random(seed))) == whole

    async def test_tallies_equal_the_seats(self, manual_projector: ManualProjector, models: ReadModelQueries) -> None:
        for batch in cut_at_random(await history(4), Random(4)):
            await manual_projector.fold_events(batch)
        counted = await models.fetch(
            ["seat_map"],
            "SELECT performance, state, count(*) AS seats, coalesce(date_bin('10 s', until + interval '9.999999 s', "
            "'epoch'), 'infinity')::text AS until FROM {seat_map}.seat WHERE state <> 'free' GROUP BY 1, 2, until",
            {},
        )
        expected: Counter[tuple[str, str, str]] = Counter()
        for row in counted.rows:
            expected[row["performance"], row["state"], row["until"]] += row["seats"]
        kept = await models.fetch(
            ["seat_map"], "SELECT performance, state, until::text, seats FROM {seat_map}.tally", {}
        )
        assert {(row["performance"], row["state"], row["until"]): row["seats"] for row in kept.rows} == dict(expected)

    async def test_every_event_twice_changes_nothing(self, manual_projector: ManualProjector) -> None:
        before = 0
        for batch in cut_at_random(await history(5), Random(5)):
            await manual_projector.fold_events(batch)
            contents = await manual_projector.contents()
            for model in EVERY_MODEL:
                with pytest.raises(LeaseLost):
                    await manual_projector.commit(model, batch_of(before, batch))
            assert await manual_projector.contents() == contents
            before = batch[-1].position

    async def test_a_fold_without_returned_seats_is_detected(
        self, manual_projector: ManualProjector, models: ReadModelQueries, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(seat_map.FOLD_BY_EVENT, "SeatReturned", seat_map.to_sold)
        log = await history(1)
        await manual_projector.fold_events(log)
        model, query = TABLES["seat"]
        found = {tuple(row.values()) for row in (await models.fetch([model], query, {})).rows}
        assert found != fold_reference(decoded(log)).rows()["seat"]

    async def test_the_histories_contain_nearly_every_event(self) -> None:
        names = {event.name for seed in SEEDS for event in await history(seed)}
        assert len(names) >= EVENTS_SEEN_MIN, sorted(set(EVENTS) - names)
