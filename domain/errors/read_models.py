"""Refusals of operations on read models and processes."""

from domain.errors.base import Conflict


class NotRunning(Conflict):
    """The read model is not running."""

    code = "not_running"


class NotPaused(Conflict):
    """The read model is not paused."""

    code = "not_paused"


class NotFailed(Conflict):
    """The read model or process has not failed, or not at this event."""

    code = "not_failed"


class NotParked(Conflict):
    """The read model has not parked this stream."""

    code = "not_parked"


class NotSkipped(Conflict):
    """The read model does not skip this event."""

    code = "not_skipped"


class ExclusionLimitReached(Conflict):
    """The read model has as many exclusions as allowed."""

    code = "too_much_set_aside"


class RebuildInProgress(Conflict):
    """A rebuild of the read model is requested or in progress."""

    code = "rebuild_under_way"


class NoRetiredVersion(Conflict):
    """No retired version of the read model is kept."""

    code = "no_retired_version"


class PartialRebuildUnsupported(Conflict):
    """The read model can only be rebuilt as a whole."""

    code = "not_in_parts"
