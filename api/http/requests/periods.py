"""Periods of lists and reports."""

from datetime import date, datetime

from api.schemas.fields.values import plausible_day, plausible_timestamp
from application.errors import Malformed


def require_period(since: datetime | date | None, until: datetime | date | None) -> None:
    """Require that a period does not end before it begins and lies in the supported years.

    A day and a time are not compared.

    Raises:
        Malformed: the period is empty, so that an empty answer would be misleading.
    """
    for bound in (since, until):
        require_in_calendar(bound)
    if since is None or until is None or isinstance(since, datetime) != isinstance(until, datetime):
        return
    if since > until:
        raise Malformed("`from` must not be after `to`.")


def require_in_calendar(bound: datetime | date | None) -> None:
    """Require that a time or day lies in the supported years.

    Raises:
        Malformed: it does not.
    """
    try:
        if isinstance(bound, datetime):
            plausible_timestamp(bound)
        elif bound is not None:
            plausible_day(bound)
    except ValueError as error:
        raise Malformed(f"{bound}: {error}") from error
