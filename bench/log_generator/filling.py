"""Fills the log of a migrated database."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random
from typing import Any, LiteralString

import psycopg

from bench.log_generator.copying import copy
from bench.log_generator.instances import GenerationPlan, Performance
from bench.log_generator.schedule import SECOND_US, Schedule
from bench.log_generator.templates import record_templates
from bench.log_generator.venue import GeneratedVenue

DAYS = 60
SPAN_MIN = timedelta(hours=6)
ENDS_BEFORE_NOW = timedelta(minutes=5)
EVENTS_PER_SEAT = 10
"""Approximate events per finally sold seat; a smaller venue sells out, and then only refunds free seats."""

_HEAD: LiteralString = "SELECT position, recorded_at FROM eventstore.event ORDER BY position DESC LIMIT 1"
# A log that grew slowly would have been vacuumed on the way; here autovacuum would start during the measurement.
_TIDY: LiteralString = "VACUUM (ANALYZE) eventstore.event, eventstore.command"
_DOCUMENTS_ARE_KEPT: LiteralString = "SELECT to_regclass('records.layout_document') IS NOT NULL"
_KEEP_DOCUMENT: LiteralString = (
    "INSERT INTO records.layout_document (layout, document) VALUES (%(layout)s, %(document)s) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """One performance of the filled log."""

    performance: str
    event: str
    organizer: str
    layout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The written range of positions, and the performances in the order in which they went on sale."""

    first: int
    last: int
    shows: tuple[Show, ...]


def fill(
    owner_url: str,
    events: int,
    *,
    seed: int = 1,
    seats: int = 2_000,
    performances: int | None = None,
    seats_alone: float = 0.0,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Filled:
    """Add exactly so many events to a log without other writers.

    The layout's document is saved as well if the database has the table, so that the API can show the seats.

    Args:
        owner_url: URL of a migrated database, as its owner.
        seats: per performance, rounded to full rows, at least 60.
        performances: default: as many as the events need.
        seats_alone: the share of bookings replaced by blocked seats: 1.0 leaves only events of seats and the catalogue.
        since: time of the first event (default: 60 days before `until`, or after the log's last event).
        until: latest time of the last event (default: five minutes ago); to fill a log in two steps, give the first
            step an earlier end.

    Raises:
        ValueError: less than six hours are left between the last event of the log and `until`.
    """
    house, random = GeneratedVenue(seats), Random(seed)
    repertoire = asyncio.run(record_templates(house))
    ends = until or datetime.now(UTC) - ENDS_BEFORE_NOW
    with psycopg.connect(owner_url, autocommit=True) as connection:
        after, begins = _beginning(connection, since or ends - timedelta(days=DAYS))
        if ends - begins < SPAN_MIN:
            raise ValueError(
                f"The log ends at {begins}: give `until` at least {SPAN_MIN} later, and not in the future."
            )
        plan = GenerationPlan(
            events=events,
            after=after,
            since_us=int(begins.timestamp() * SECOND_US),
            until_us=int(ends.timestamp() * SECOND_US),
            performances=performances or max(2, ceil(events / EVENTS_PER_SEAT / len(house.keys))),
            seats_alone=seats_alone,
        )
        season = Schedule(house=house, repertoire=repertoire, plan=plan, random=random)
        copy(connection, season.commands())
        shows = tuple(map(_show, season.performances))
        _keep_documents(connection, shows, house.document)
        connection.execute(_TIDY)
    return Filled(first=after + 1, last=after + events, shows=shows)


def _beginning(connection: psycopg.Connection[Any], earliest: datetime) -> tuple[int, datetime]:
    found = connection.execute(_HEAD).fetchone()
    if found is None:
        return 0, earliest
    return found[0], max(earliest, found[1])


def _show(performance: Performance) -> Show:
    values = performance.values
    return Show(
        performance=str(values["performance"]),
        event=str(values["event"]),
        organizer=str(values["organizer"]),
        layout=str(values["layout"]),
    )


def _keep_documents(connection: psycopg.Connection[Any], shows: tuple[Show, ...], document: bytes) -> None:
    ((kept,),) = connection.execute(_DOCUMENTS_ARE_KEPT).fetchall()
    for layout in dict.fromkeys(show.layout for show in shows) if kept else ():
        connection.execute(_KEEP_DOCUMENT, {"layout": layout, "document": document})
