"""From the streams of organizers, venues, layouts, events and performances to rows: begun first, then moved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections.catalogue import tables as sql
from projections.catalogue.text_search import spellings, words
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep

NAME = "catalogue"

Row = dict[str, Any]


def venue_row(event: ProjectedEvent) -> Row:
    """A place, and the words it is looked for by."""
    return {**created_row(event), **venue_details_row(event.data["details"])}


def venue_details_row(details: Mapping[str, Any]) -> Row:
    """Return the columns of a venue's details, with the words a search finds them by."""
    return {**details, "city_keys": spellings(details["city"]), "words": words(details["name"], details["city"])}


def details_row(details: Mapping[str, Any]) -> Row:
    """What the public reads about an event, and the words it is looked for by."""
    found = words(details["title"], details["category"], details["description"])
    return {**details, "category_keys": spellings(details["category"]), "words": found}


def event_row(event: ProjectedEvent) -> Row:
    """A drafted event."""
    return {**created_row(event), **details_row(event.data["details"])}


def performance_row(event: ProjectedEvent) -> Row:
    """An announced performance."""
    return {**created_row(event), **price_row(event.data)}


def price_row(data: Mapping[str, Any]) -> Row:
    """Prices, and the lowest of them."""
    return {"prices": data["prices"], "price_from": min(price["amount"] for price in data["prices"])}


def created_row(event: ProjectedEvent) -> Row:
    """What the first event of a stream says."""
    return {**event.data, "id": event.key, "position": event.position}


PERFORMANCE_MOVES: Mapping[str, Callable[[Mapping[str, Any]], Row]] = {
    "PerformanceRescheduled": dict,
    "PricesChanged": price_row,
    "LimitsChanged": dict,
    "EntryRulesChanged": lambda data: {"entry_rules": data["rules"]},
    "PerformanceCancelled": lambda data: {"cancelled_for": data["reason"]},
    "SalesPaused": lambda _: {"sales": "paused"},
    "SalesResumed": lambda _: {"sales": "open"},
    "SalesClosed": lambda _: {"sales": "closed"},
}
EVENT_STATUS: Mapping[str, str] = {
    "EventPublished": "published",
    "EventClosedForDeletion": "closing",
    "EventReopened": "reopened",
    "EventArchived": "archived",
}
BEGUN: Mapping[str, Callable[[ProjectedEvent], Row]] = {
    "OrganizerFounded": created_row,
    "VenueOpened": venue_row,
    "LayoutPublished": created_row,
    "EventCreated": event_row,
    "PerformanceScheduled": performance_row,
}
GONE = frozenset({"PerformanceArchived", "VenueArchived"})
CHANGED = frozenset({"MemberRolesChanged", "VenueChanged", "EventChanged"})
NAMES = frozenset({*BEGUN, *CHANGED, *EVENT_STATUS, *PERFORMANCE_MOVES, *GONE})


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Write the batch: what it begins, from the organizer down to the performance, then where everything stands."""
    rows: dict[str, list[Row]] = {name: [] for name in BEGUN}
    for event in events:
        if event.name in BEGUN:
            rows[event.name].append(BEGUN[event.name](event))
    members = member_rows(events)
    return [
        WriteStep(sql.FOUND_ORGANIZERS, rows["OrganizerFounded"]),
        WriteStep(sql.CHANGE_MEMBERS, members),
        WriteStep(sql.END_MEMBERS, members),
        WriteStep(sql.OPEN_VENUES, rows["VenueOpened"]),
        WriteStep(sql.CHANGE_VENUES, venue_changes(events)),
        WriteStep(sql.PUBLISH_LAYOUTS, rows["LayoutPublished"]),
        WriteStep(sql.CREATE_EVENTS, rows["EventCreated"]),
        WriteStep(sql.DESCRIBE_EVENTS, description_rows(events)),
        WriteStep(sql.MOVE_EVENTS, status_rows(events)),
        WriteStep(sql.SCHEDULE_PERFORMANCES, rows["PerformanceScheduled"]),
        WriteStep(sql.MOVE_PERFORMANCES, performance_updates(events)),
        WriteStep(sql.REMOVE_PERFORMANCES, removed_rows(events, "PerformanceArchived")),
        WriteStep(sql.REMOVE_VENUES, removed_rows(events, "VenueArchived")),
    ]


def removed_rows(events: Sequence[ProjectedEvent], name: str) -> list[Row]:
    """Return the keys of what an event of this name removed."""
    return [{"id": event.key} for event in events if event.name == name]


def member_rows(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return each member's roles as they stand; no roles: no member."""
    changed = (event for event in events if event.name == "MemberRolesChanged")
    stand = {(event.key, event.data["account"]): {**event.data, "organizer": event.key} for event in changed}
    return list(stand.values())


def venue_changes(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return each changed venue's last details."""
    changed = (event for event in events if event.name == "VenueChanged")
    return list(
        {event.key: {**venue_details_row(event.data["details"]), "id": event.key} for event in changed}.values()
    )


def description_rows(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return how each event is described at last."""
    changed = (event for event in events if event.name == "EventChanged")
    stand = {event.key: {**details_row(event.data["details"]), "id": event.key} for event in changed}
    return list(stand.values())


def status_rows(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return each event's last status, and whether the batch published it."""
    stand: dict[str, Row] = {}
    for event in events:
        if event.name in EVENT_STATUS:
            row = stand.setdefault(event.key, {"id": event.key, "published": False})
            row["status"] = EVENT_STATUS[event.name]
            row["published"] = row["published"] or event.name == "EventPublished"
    return list(stand.values())


def performance_updates(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return all that the batch changes about each performance."""
    stand: dict[str, Row] = {}
    for event in events:
        if event.name in PERFORMANCE_MOVES:
            stand.setdefault(event.key, {"id": event.key}).update(PERFORMANCE_MOVES[event.name](event.data))
    return list(stand.values())


CATALOGUE = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, event_names=NAMES, fold=fold)
