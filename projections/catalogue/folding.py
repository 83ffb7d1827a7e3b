"""From the streams of organizers, venues, layouts, events and performances to rows: begun first, then moved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections.catalogue.words import spellings, words
from projections.model import Fact, ReadModel, Step
from projections.sql import catalogue as sql

NAME = "catalogue"

Row = dict[str, Any]


def venue_row(fact: Fact) -> Row:
    """A place, and the words it is looked for by."""
    return {**begun(fact), **placed(fact.data["details"])}


def placed(details: Mapping[str, Any]) -> Row:
    """Return the columns of a venue's details, with the words a search finds them by."""
    return {**details, "city_keys": spellings(details["city"]), "words": words(details["name"], details["city"])}


def described(details: Mapping[str, Any]) -> Row:
    """What the public reads about an event, and the words it is looked for by."""
    found = words(details["title"], details["category"], details["description"])
    return {**details, "category_keys": spellings(details["category"]), "words": found}


def event_row(fact: Fact) -> Row:
    """A drafted event."""
    return {**begun(fact), **described(fact.data["details"])}


def performance_row(fact: Fact) -> Row:
    """An announced performance."""
    return {**begun(fact), **priced(fact.data)}


def priced(data: Mapping[str, Any]) -> Row:
    """Prices, and the lowest of them."""
    return {"prices": data["prices"], "price_from": min(price["amount"] for price in data["prices"])}


def begun(fact: Fact) -> Row:
    """What the first event of a stream says."""
    return {**fact.data, "id": fact.key, "position": fact.position}


PERFORMANCE_MOVES: Mapping[str, Callable[[Mapping[str, Any]], Row]] = {
    "PerformanceRescheduled": dict,
    "PricesChanged": priced,
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
BEGUN: Mapping[str, Callable[[Fact], Row]] = {
    "OrganizerFounded": begun,
    "VenueOpened": venue_row,
    "LayoutPublished": begun,
    "EventCreated": event_row,
    "PerformanceScheduled": performance_row,
}
GONE = frozenset({"PerformanceArchived", "VenueArchived"})
CHANGED = frozenset({"MemberRolesChanged", "VenueChanged", "EventChanged"})
NAMES = frozenset({*BEGUN, *CHANGED, *EVENT_STATUS, *PERFORMANCE_MOVES, *GONE})


def fold(facts: Sequence[Fact]) -> Sequence[Step]:
    """Write the batch: what it begins, from the organizer down to the performance, then where everything stands."""
    rows: dict[str, list[Row]] = {name: [] for name in BEGUN}
    for fact in facts:
        if fact.name in BEGUN:
            rows[fact.name].append(BEGUN[fact.name](fact))
    members = member_rows(facts)
    return [
        Step(sql.FOUND_ORGANIZERS, rows["OrganizerFounded"]),
        Step(sql.CHANGE_MEMBERS, members),
        Step(sql.END_MEMBERS, members),
        Step(sql.OPEN_VENUES, rows["VenueOpened"]),
        Step(sql.CHANGE_VENUES, venue_changes(facts)),
        Step(sql.PUBLISH_LAYOUTS, rows["LayoutPublished"]),
        Step(sql.CREATE_EVENTS, rows["EventCreated"]),
        Step(sql.DESCRIBE_EVENTS, description_rows(facts)),
        Step(sql.MOVE_EVENTS, status_rows(facts)),
        Step(sql.SCHEDULE_PERFORMANCES, rows["PerformanceScheduled"]),
        Step(sql.MOVE_PERFORMANCES, performance_moves(facts)),
        Step(sql.REMOVE_PERFORMANCES, removed(facts, "PerformanceArchived")),
        Step(sql.REMOVE_VENUES, removed(facts, "VenueArchived")),
    ]


def removed(facts: Sequence[Fact], name: str) -> list[Row]:
    """Return the keys of what an event of this name removed."""
    return [{"id": fact.key} for fact in facts if fact.name == name]


def member_rows(facts: Sequence[Fact]) -> list[Row]:
    """Return each member's roles as they stand; no roles: no member."""
    changed = (fact for fact in facts if fact.name == "MemberRolesChanged")
    stand = {(fact.key, fact.data["account"]): {**fact.data, "organizer": fact.key} for fact in changed}
    return list(stand.values())


def venue_changes(facts: Sequence[Fact]) -> list[Row]:
    """Return each changed venue's last details."""
    changed = (fact for fact in facts if fact.name == "VenueChanged")
    return list({fact.key: {**placed(fact.data["details"]), "id": fact.key} for fact in changed}.values())


def description_rows(facts: Sequence[Fact]) -> list[Row]:
    """Return how each event is described at last."""
    changed = (fact for fact in facts if fact.name == "EventChanged")
    stand = {fact.key: {**described(fact.data["details"]), "id": fact.key} for fact in changed}
    return list(stand.values())


def status_rows(facts: Sequence[Fact]) -> list[Row]:
    """Return each event's last status, and whether the batch published it."""
    stand: dict[str, Row] = {}
    for fact in facts:
        if fact.name in EVENT_STATUS:
            row = stand.setdefault(fact.key, {"id": fact.key, "published": False})
            row["status"] = EVENT_STATUS[fact.name]
            row["published"] = row["published"] or fact.name == "EventPublished"
    return list(stand.values())


def performance_moves(facts: Sequence[Fact]) -> list[Row]:
    """Return all that the batch changes about each performance."""
    stand: dict[str, Row] = {}
    for fact in facts:
        if fact.name in PERFORMANCE_MOVES:
            stand.setdefault(fact.key, {"id": fact.key}).update(PERFORMANCE_MOVES[fact.name](fact.data))
    return list(stand.values())


CATALOGUE = ReadModel(name=NAME, version=1, schema=sql.SCHEMA, names=NAMES, fold=fold)
