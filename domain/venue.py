"""A real place, and the published versions of its layout."""

from dataclasses import dataclass, field, replace
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
from domain.decisions.deletion import DeletionState, DeletionStatus, close_events, finish_events, give_up_events
from domain.errors import AlreadyExists, BeingDeleted, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDetails:
    """The description of a venue; `time_zone` is an IANA name, `country` an ISO 3166-1 alpha-2 code."""

    name: str
    address: str
    city: str
    country: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOpened:
    """An organizer added a venue."""

    organizer: str
    details: VenueDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueChanged:
    """The venue's details changed; in a new time zone, performances keep their instants in UTC."""

    details: VenueDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueClosedForDeletion:
    """No event can be created here while it is checked whether events use the venue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueReopened:
    """The deletion was abandoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueArchived:
    """No event uses the venue; it is removed from every list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutPublished:
    """Version number `version` of the venue's layout; the document itself is stored elsewhere and never changes."""

    venue: str
    organizer: str
    version: int
    name: str
    seats: int
    document_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutAdded:
    """The venue has one more layout version."""

    layout: str


VenueEvent = VenueOpened | VenueChanged | LayoutAdded | VenueClosedForDeletion | VenueReopened | VenueArchived


@dataclass(frozen=True, slots=True, kw_only=True)
class NoVenue:
    """Not opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVenue:
    """A venue and its layouts, oldest first."""

    organizer: str
    details: VenueDetails
    layouts: tuple[str, ...] = ()
    deletion: DeletionState = field(default_factory=DeletionState)


Venue = NoVenue | OpenVenue


def evolve(venue: Venue, event: VenueEvent) -> Venue:
    """Return the venue after `event`."""
    if isinstance(event, VenueOpened):
        return OpenVenue(organizer=event.organizer, details=event.details)
    assert isinstance(venue, OpenVenue)
    match event:
        case VenueChanged():
            return replace(venue, details=event.details)
        case LayoutAdded():
            return replace(venue, layouts=(*venue.layouts, event.layout))
        case VenueClosedForDeletion():
            return replace(venue, deletion=venue.deletion.closed())
        case VenueReopened():
            return replace(venue, deletion=venue.deletion.reopened())
        case VenueArchived():
            return replace(venue, deletion=venue.deletion.archived())
        case _:
            assert_never(event)


VENUE: StreamType[Venue] = StreamType("venue", NoVenue(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLayout:
    """Not published."""


Layout = NoLayout | LayoutPublished


def evolve_layout(_: Layout, event: LayoutPublished) -> Layout:
    """Return the layout: its stream holds exactly one event."""
    return event


LAYOUT: StreamType[Layout] = StreamType("layout", NoLayout(), evolve_layout)


def require_venue(context: DecisionContext, venue: str) -> OpenVenue:
    """Return a venue that exists.

    Raises:
        NotFound: it was never opened, or it is archived.
    """
    state = context.read(VENUE, venue)
    if isinstance(state, NoVenue) or state.deletion.status is DeletionStatus.ARCHIVED:
        raise NotFound("There is no such venue.")
    return state


def require_open(context: DecisionContext, venue: str) -> OpenVenue:
    """Return a venue at which new events may be created.

    Raises:
        NotFound: it was never opened, or it is archived.
        BeingDeleted: its deletion is in progress.
    """
    state = require_venue(context, venue)
    if state.deletion.status is DeletionStatus.CLOSING:
        raise BeingDeleted("The venue is being deleted; try again in a minute.")
    return state


def require_layout(context: DecisionContext, layout: str) -> LayoutPublished:
    """Return a layout that exists.

    Raises:
        NotFound: it was never published.
    """
    state = context.read(LAYOUT, layout)
    if isinstance(state, NoLayout):
        raise NotFound("There is no such layout.")
    return state


def open_venue(context: DecisionContext, venue: str, request: VenueOpened) -> Changes:
    """Add a venue.

    Raises:
        AlreadyExists: the id is taken.
    """
    if not isinstance(context.read(VENUE, venue), NoVenue):
        raise AlreadyExists("The venue exists.")
    return {VENUE.stream(venue): [request]}


def change_venue(context: DecisionContext, venue: str, details: VenueDetails) -> Changes:
    """Change the details of a venue; equal details record nothing.

    Raises:
        NotFound: no such venue.
    """
    if require_venue(context, venue).details == details:
        return {}
    return {VENUE.stream(venue): [VenueChanged(details=details)]}


def close_venue_for_deletion(context: DecisionContext, venue: str) -> Changes:
    """Refuse new events at the venue before its use is checked; a second time records nothing.

    Raises:
        NotFound: no such venue.
    """
    return {VENUE.stream(venue): close_events(require_venue(context, venue).deletion, VenueClosedForDeletion())}


def finish_venue_deletion(context: DecisionContext, venue: str, *, closing: int, in_use: bool) -> Changes:
    """Archive the venue if no event uses it, else reopen it.

    Args:
        closing: the number of the closing during which its use was checked; nothing is recorded if it is outdated.

    Raises:
        NotFound: no such venue.
    """
    events = finish_events(
        require_venue(context, venue).deletion,
        closing=closing,
        in_use=in_use,
        reopened=VenueReopened(),
        archived=VenueArchived(),
    )
    return {VENUE.stream(venue): events}


def give_up_venue_deletion(context: DecisionContext, venue: str) -> Changes:
    """Reopen a venue whose deletion was begun and not finished; in any other state record nothing."""
    state = context.read(VENUE, venue)
    if not isinstance(state, OpenVenue):
        return {}
    return {VENUE.stream(venue): give_up_events(state.deletion, VenueReopened())}


def publish_layout(
    context: DecisionContext, venue: str, layout: str, *, name: str, seats: int, document_sha256: str
) -> Changes:
    """Publish the next version of the venue's layout.

    Raises:
        NotFound: no such venue.
    """
    state = require_venue(context, venue)
    published = LayoutPublished(
        venue=venue,
        organizer=state.organizer,
        version=len(state.layouts) + 1,
        name=name,
        seats=seats,
        document_sha256=document_sha256,
    )
    return {LAYOUT.stream(layout): [published], VENUE.stream(venue): [LayoutAdded(layout=layout)]}
