"""The seat map's fold in the `eventsourcing` package's projection runner, on the same server.

The beginning of the log is inserted into the package's recorder; the runner subscribes only to events of seats, which
its database filters. Each is folded by the same function and statements in the transaction that tracks its position.
"""

import time
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import Environment, get_topic
from psycopg import sql

from bench.append import new_database
from bench.append_package import environment
from projections.engine.model import ProjectedEvent
from projections.seat_map.fold import SEAT_MAP
from runtime.local.embedded import EmbeddedPostgres

INSERTED_AT_ONCE = 5_000
WAIT_S_MAX = 600.0

READ: LiteralString = """
SELECT position, stream, version, name, recorded_at, data::text
FROM eventstore.event WHERE position <= %(upto)s ORDER BY position
"""
CHECK: LiteralString = "SELECT count(*), max(position) FROM seat"

Json = dict[str, Any]


@dataclass(frozen=True)
class PackageEvent(DomainEvent):
    """An event of the log in the package's format."""

    position: int
    stream: str
    name: str
    data: Any


@dataclass(frozen=True)
class PackageSeatEvent(PackageEvent):
    """An event that the seat map folds."""


class BoxOffice(Application[UUID]):
    """The application that owns the recorder."""


class SeatMapTables(PostgresTrackingRecorder):
    """The seat map's tables, written together with the position."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sql_create_statements.append(sql.Composed([sql.SQL(SEAT_MAP.schema)]))

    def tell(self, fact: ProjectedEvent, tracking: Tracking) -> None:
        """Fold one event."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            for step in SEAT_MAP.fold([fact]):
                cursor.execute(step.statement, {"rows": orjson.dumps(step.rows).decode()}, prepare=True)


class SeatMapProjection(Projection[SeatMapTables]):
    """The seat map's fold as a projection of the package."""

    name = "seatmap"
    topics = (get_topic(PackageSeatEvent),)

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Fold one event."""
        event: PackageSeatEvent = domain_event
        self.view.tell(ProjectedEvent(event.position, event.stream, event.name, event.timestamp, event.data), tracking)


def run_package(server: EmbeddedPostgres, database: str, events: int) -> Json:
    """Fold the first events of the log; the rate counts events of all types, as for a rebuild.

    Raises:
        RuntimeError: the rows do not match the seats in the log.
    """
    owner_url = new_database(server, database)
    said = events_of(server, events)
    seats = [event for event in said if isinstance(event, PackageSeatEvent)]
    env = {**environment(owner_url, functions=False), "PERSISTENCE_MODULE": "eventsourcing.postgres"}
    put(said, env)
    begins = time.monotonic()
    with ProjectionRunner(
        application_class=BoxOffice, projection_class=SeatMapProjection, view_class=SeatMapTables, env=env
    ) as runner:
        runner.wait(seats[-1].position, timeout=WAIT_S_MAX)
        seconds = time.monotonic() - begins
    check(owner_url, seats)
    return {"seconds": round(seconds, 2), "per_s": round(events / seconds)}


def events_of(server: EmbeddedPostgres, until: int) -> list[PackageEvent]:
    """Return the beginning of the log in the package's format."""
    with psycopg.connect(server.url) as connection:
        return [to_package_event(row) for row in connection.execute(READ, {"upto": until})]


def to_package_event(row: tuple[Any, ...]) -> PackageEvent:
    """Return one event in the package's format."""
    position, stream, version, name, recorded_at, data = row
    kind = PackageSeatEvent if name in SEAT_MAP.event_names else PackageEvent
    return kind(
        originator_id=uuid5(NAMESPACE_URL, stream),
        originator_version=version,
        timestamp=recorded_at,
        position=position,
        stream=stream,
        name=name,
        data=orjson.loads(data),
    )


def put(said: list[PackageEvent], env: Environment | dict[str, str]) -> None:
    """Insert events into the recorder, which assigns the same positions as the log."""
    with BoxOffice(env) as application:
        for first in range(0, len(said), INSERTED_AT_ONCE):
            some = said[first : first + INSERTED_AT_ONCE]
            application.recorder.insert_events([application.mapper.to_stored_event(event) for event in some])


def check(owner_url: str, seats: list[PackageSeatEvent]) -> None:
    """Check that the rows exist."""
    expected = (len({event.stream for event in seats}), seats[-1].position)
    with psycopg.connect(owner_url) as connection:
        found = connection.execute(CHECK).fetchone()
    if found != expected:
        raise RuntimeError(f"{found} seats and last position, where the log has {expected}")
