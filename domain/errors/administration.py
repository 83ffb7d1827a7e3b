"""Refusals of changes to accounts, roles, events and venues."""

from domain.errors.base import Conflict, Forbidden


class GuestHasLoggedIn(Forbidden):
    """The guest was merged into an account, which has to act instead."""

    code = "guest_has_logged_in"


class LastHolder(Conflict):
    """No other account holds a role that must be held."""

    code = "last_holder"


class AlreadyExists(Conflict):
    """The id, name, address or state exists already."""

    code = "already_there"


class HasBookings(Conflict):
    """A thing with bookings cannot be deleted."""

    code = "has_bookings"


class HasEvents(Conflict):
    """A venue with events cannot be deleted."""

    code = "has_events"


class BeingDeleted(Conflict):
    """The deletion of the thing is in progress; within a minute it is archived or open again."""

    code = "being_deleted"


class DeletionAbandoned(Conflict):
    """The event was published, or its deletion timed out, while its bookings were being checked."""

    code = "deletion_given_up"
