"""Deletion of a performance without bookings."""

from domain.decision import Changes, DecisionContext
from domain.decisions.deletion import close_events, finish_events, give_up_events
from domain.performance import (
    PERFORMANCE,
    PerformanceArchived,
    PerformanceClosedForDeletion,
    PerformanceReopened,
    ScheduledPerformance,
    require_performance,
)


def close_performance_for_deletion(context: DecisionContext, performance: str) -> Changes:
    """Suspend sales of the performance before its bookings are checked; a second time records nothing.

    Raises:
        NotFound: no such performance.
    """
    return {
        PERFORMANCE.stream(performance): close_events(
            require_performance(context, performance).deletion, PerformanceClosedForDeletion()
        )
    }


def finish_performance_deletion(context: DecisionContext, performance: str, *, closing: int, in_use: bool) -> Changes:
    """Archive the performance if nothing was booked, else reopen it.

    Args:
        closing: the number of the closing during which its use was checked; nothing is recorded if it is outdated.

    Raises:
        NotFound: no such performance.
    """
    events = finish_events(
        require_performance(context, performance).deletion,
        closing=closing,
        in_use=in_use,
        reopened=PerformanceReopened(),
        archived=PerformanceArchived(),
    )
    return {PERFORMANCE.stream(performance): events}


def give_up_performance_deletion(context: DecisionContext, performance: str) -> Changes:
    """Reopen a performance whose deletion was begun and not finished; in any other state record nothing."""
    state = context.read(PERFORMANCE, performance)
    if not isinstance(state, ScheduledPerformance):
        return {}
    return {PERFORMANCE.stream(performance): give_up_events(state.deletion, PerformanceReopened())}
