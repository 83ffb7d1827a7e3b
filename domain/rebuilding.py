"""What people ask to be done with the versions of a read model; whoever folds it does so when it can."""

from dataclasses import dataclass

from domain.books import Books, Changes
from domain.errors import NoRetiredVersion, NotInParts, NotSkipped, RebuildUnderWay
from domain.projection import PROJECTION, EventUnskipped, RebuildAsked, RollbackAsked, Standing, VersionsDropAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What there is of a read model beside the live version, and what can be made of it.

    `asked`: somebody asked for something that nobody has begun yet.
    """

    asked: bool
    under_way: bool
    retired: bool
    in_parts: bool


def ask_rebuild(
    books: Books, standing: Standing, versions: Versions, *, performance: str | None, swap_anyway: bool
) -> Changes:
    """Ask for a read model to be folded anew.

    Raises:
        RebuildUnderWay: one at a time.
        NotInParts: one performance alone can't be rebuilt.
    """
    refuse_two_at_once(standing, versions)
    if performance is not None and not versions.in_parts:
        raise NotInParts(f"{standing.name} can't be rebuilt for one performance: rebuild it as a whole.")
    return asked(books, standing, RebuildAsked(performance=performance, swap_anyway=swap_anyway))


def unskip_event(books: Books, standing: Standing, versions: Versions, *, position: int) -> Changes:
    """Take the skipping of an event back, and ask for tables that have it: those of today went on without it.

    Raises:
        NotSkipped: this version of the read model does not skip the event.
        RebuildUnderWay: one at a time.
    """
    if position not in books.read(PROJECTION, standing.name).skipped(standing.version):
        raise NotSkipped(f"{standing.name} does not skip the event at {position}.")
    refuse_two_at_once(standing, versions)
    unskipped = EventUnskipped(version=standing.version, position=position)
    return {PROJECTION.stream(standing.name): [unskipped, RebuildAsked(performance=None, swap_anyway=True)]}


def ask_rollback(books: Books, standing: Standing, versions: Versions) -> Changes:
    """Ask for the last swap to be taken back.

    Raises:
        RebuildUnderWay: one at a time.
        NoRetiredVersion: there is nothing to go back to.
    """
    refuse_two_at_once(standing, versions)
    if not versions.retired:
        raise NoRetiredVersion(f"No retired version of {standing.name} is kept: rebuild it instead.")
    return asked(books, standing, RollbackAsked())


def ask_drop(books: Books, standing: Standing, versions: Versions) -> Changes:
    """Ask for everything to be dropped that is not live.

    Raises:
        RebuildUnderWay: somebody works on it.
    """
    refuse_two_at_once(standing, versions)
    return asked(books, standing, VersionsDropAsked())


def refuse_two_at_once(standing: Standing, versions: Versions) -> None:
    """Refuse to do two things with the versions of a read model at once.

    Raises:
        RebuildUnderWay: something is being done, or will be in a moment.
    """
    if versions.asked or versions.under_way:
        raise RebuildUnderWay(f"{standing.name} is being rebuilt, or will be in a moment; wait for the end of it.")


def asked(books: Books, standing: Standing, wish: RebuildAsked | RollbackAsked | VersionsDropAsked) -> Changes:
    """Write a wish down."""
    books.read(PROJECTION, standing.name)
    return {PROJECTION.stream(standing.name): [wish]}
