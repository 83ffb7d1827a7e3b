"""The catalogue read model: events, performances, venues, layouts, organizers and their members."""

from projections.catalogue.events import (
    PUBLIC,
    READ_MODELS,
    Event,
    EventCursor,
    EventQuery,
    Performance,
    Viewer,
    find_event,
    find_events,
    find_performance,
)
from projections.catalogue.fold import CATALOGUE, NAME
from projections.catalogue.organizers import ListedOrganizer, Member, list_members, list_organizers
from projections.catalogue.summaries import PerformanceSummary, summaries_of
from projections.catalogue.venues import Layout, Venue, find_layout, find_venue, layouts_of_venue, list_venues

__all__ = [
    "CATALOGUE",
    "NAME",
    "PUBLIC",
    "READ_MODELS",
    "Event",
    "EventCursor",
    "EventQuery",
    "Layout",
    "ListedOrganizer",
    "Member",
    "Performance",
    "PerformanceSummary",
    "Venue",
    "Viewer",
    "find_event",
    "find_events",
    "find_layout",
    "find_performance",
    "find_venue",
    "layouts_of_venue",
    "list_members",
    "list_organizers",
    "list_venues",
    "summaries_of",
]
