"""Fold of organizers, venues, layouts, events and performances: new rows are inserted, then rows are updated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections.catalogue import tables as sql
from projections.catalogue.text_search import spellings, words
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep

NAME = "catalogue"

Row = dict[str, Any]


def venue_row(event: ProjectedEvent) -> Row:
    """Return the row of a new venue."""
    return {**created_row(event), **venue_details_row(event.data["details"])}


def venue_details_row(details: Mapping[str, Any]) -> Row:
    """Return the columns of a venue's details, including its search words."""
    return {**details, "city_keys": spellings(details["city"]), "words": words(details["name"], details["city"])}


def details_row(details: Mapping[str, Any]) -> Row:
    """Return the columns of an event's details, including its search words."""
    found = words(details["title"], details["category"], details["description"])
    return {**details, "category_keys": spellings(details["category"]), "words": found}


def event_row(event: ProjectedEvent) -> Row:
    """Return the row of a new event, which is a draft."""
    return {**created_row(event), **details_row(event.data["details"])}


def performance_row(event: ProjectedEvent) -> Row:
    """Return the row of a new performance."""
    return {**created_row(event), **price_row(event.data)}


def price_row(data: Mapping[str, Any]) -> Row:
    """Return the columns of the prices, including the lowest price."""
    return {"prices": data["prices"], "price_from": min(price["amount"] for price in data["prices"])}


def created_row(event: ProjectedEvent) -> Row:
    """Return the data of a stream's first event, with id and position."""
    return {**event.data, "id": event.key, "position": event.position}


PERFORMANCE_UPDATES: Mapping[str, Callable[[Mapping[str, Any]], Row]] = {
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
CREATED: Mapping[str, Callable[[ProjectedEvent], Row]] = {
    "OrganizerFounded": created_row,
    "VenueOpened": venue_row,
    "LayoutPublished": created_row,
    "EventCreated": event_row,
    "PerformanceScheduled": performance_row,
}
REMOVED = frozenset({"PerformanceArchived", "VenueArchived"})
CHANGED = frozenset({"MemberRolesChanged", "VenueChanged", "EventChanged"})
NAMES = frozenset({*CREATED, *CHANGED, *EVENT_STATUS, *PERFORMANCE_UPDATES, *REMOVED})


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch, from organizers down to performances; inserts precede updates."""
    rows: dict[str, list[Row]] = {name: [] for name in CREATED}
    for event in events:
        if event.name in CREATED:
            rows[event.name].append(CREATED[event.name](event))
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
    """Return the ids of the rows that events of this name remove."""
    return [{"id": event.key} for event in events if event.name == name]


def member_rows(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return each changed member's roles at the end of the batch; empty roles remove the member."""
    changed = (event for event in events if event.name == "MemberRolesChanged")
    last = {(event.key, event.data["account"]): {**event.data, "organizer": event.key} for event in changed}
    return list(last.values())


def venue_changes(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return the last details of each changed venue."""
    changed = (event for event in events if event.name == "VenueChanged")
    return list(
        {event.key: {**venue_details_row(event.data["details"]), "id": event.key} for event in changed}.values()
    )


def description_rows(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return the last details of each changed event."""
    changed = (event for event in events if event.name == "EventChanged")
    last = {event.key: {**details_row(event.data["details"]), "id": event.key} for event in changed}
    return list(last.values())


def status_rows(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return the last status of each changed event, and whether it was published in the batch."""
    last: dict[str, Row] = {}
    for event in events:
        if event.name in EVENT_STATUS:
            row = last.setdefault(event.key, {"id": event.key, "published": False})
            row["status"] = EVENT_STATUS[event.name]
            row["published"] = row["published"] or event.name == "EventPublished"
    return list(last.values())


def performance_updates(events: Sequence[ProjectedEvent]) -> list[Row]:
    """Return the changed columns of each performance."""
    last: dict[str, Row] = {}
    for event in events:
        if event.name in PERFORMANCE_UPDATES:
            last.setdefault(event.key, {"id": event.key}).update(PERFORMANCE_UPDATES[event.name](event.data))
    return list(last.values())


CATALOGUE = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, event_names=NAMES, fold=fold)
