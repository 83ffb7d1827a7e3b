"""A real place, and the published versions of its drawing."""

from dataclasses import dataclass, replace
from typing import assert_never

from domain.books import Books, Changes, Kind
from domain.errors import AlreadyThere, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDetails:
    """What is known of a place; `time_zone` is an IANA name, `country` an ISO 3166-1 alpha-2 code."""

    name: str
    address: str
    city: str
    country: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOpened:
    """An organizer entered a place."""

    organizer: str
    details: VenueDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueChanged:
    """The details of the place were corrected; performances keep their instants in a changed time zone."""

    details: VenueDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutPublished:
    """The `version`-th drawing of the venue; the document itself is kept elsewhere, and never changes."""

    venue: str
    organizer: str
    version: int
    name: str
    seats: int
    document_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutAdded:
    """The venue has one more drawing."""

    layout: str


VenueEvent = VenueOpened | VenueChanged | LayoutAdded


@dataclass(frozen=True, slots=True, kw_only=True)
class NoVenue:
    """Not entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVenue:
    """A place and its layouts, oldest first."""

    organizer: str
    details: VenueDetails
    layouts: tuple[str, ...] = ()


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
        case _:
            assert_never(event)


VENUE: Kind[Venue] = Kind("venue", NoVenue(), evolve)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLayout:
    """Not published."""


Layout = NoLayout | LayoutPublished


def evolve_layout(_: Layout, event: LayoutPublished) -> Layout:
    """Return the layout's facts; there is only ever one event."""
    return event


LAYOUT: Kind[Layout] = Kind("layout", NoLayout(), evolve_layout)


def existing(books: Books, venue: str) -> OpenVenue:
    """Read a venue that must be there.

    Raises:
        NotFound: never entered.
    """
    state = books.read(VENUE, venue)
    if isinstance(state, NoVenue):
        raise NotFound("There is no such venue.")
    return state


def existing_layout(books: Books, layout: str) -> LayoutPublished:
    """Read a layout that must be there.

    Raises:
        NotFound: never published.
    """
    state = books.read(LAYOUT, layout)
    if isinstance(state, NoLayout):
        raise NotFound("There is no such layout.")
    return state


def open_venue(books: Books, venue: str, wish: VenueOpened) -> Changes:
    """Enter a place.

    Raises:
        AlreadyThere: the id is taken.
    """
    if not isinstance(books.read(VENUE, venue), NoVenue):
        raise AlreadyThere("The venue exists.")
    return {VENUE.stream(venue): [wish]}


def change_venue(books: Books, venue: str, details: VenueDetails) -> Changes:
    """Correct what is known of a place; the same details record nothing.

    Raises:
        NotFound: no such venue.
    """
    if existing(books, venue).details == details:
        return {}
    return {VENUE.stream(venue): [VenueChanged(details=details)]}


def publish_layout(books: Books, venue: str, layout: str, *, name: str, seats: int, document_sha256: str) -> Changes:
    """Publish the next version of the venue's drawing.

    Raises:
        NotFound: no such venue.
    """
    state = existing(books, venue)
    published = LayoutPublished(
        venue=venue,
        organizer=state.organizer,
        version=len(state.layouts) + 1,
        name=name,
        seats=seats,
        document_sha256=document_sha256,
    )
    return {LAYOUT.stream(layout): [published], VENUE.stream(venue): [LayoutAdded(layout=layout)]}
