"""Periods of time that lists and reports are asked for."""

from datetime import date, datetime

from api.schemas.values import plausible_day, plausible_timestamp
from application.errors import Malformed


def require_period(since: datetime | date | None, until: datetime | date | None) -> None:
    """Refuse a period that ends before it begins, or lies outside our calendar; a day and a time are not compared.

    Raises:
        Malformed: nothing can lie in it, and an empty answer would say that there was nothing.
    """
    for bound in (since, until):
        require_in_calendar(bound)
    if since is None or until is None or isinstance(since, datetime) != isinstance(until, datetime):
        return
    if since > until:
        raise Malformed("`from` lies after `to`; exchange them.")


def require_in_calendar(bound: datetime | date | None) -> None:
    """Refuse a moment or a day outside the years of our calendar.

    Raises:
        Malformed.
    """
    try:
        if isinstance(bound, datetime):
            plausible_timestamp(bound)
        elif bound is not None:
            plausible_day(bound)
    except ValueError as error:
        raise Malformed(f"{bound}: {error}") from error
