"""Periods of time that lists and reports are asked for."""

from datetime import date, datetime

from api.errors import Malformed


def require_period(since: datetime | date | None, until: datetime | date | None) -> None:
    """Refuse a period that ends before it begins; a day and a time are not compared.

    Raises:
        Malformed: nothing can lie in it, and an empty answer would say that there was nothing.
    """
    if since is None or until is None or isinstance(since, datetime) != isinstance(until, datetime):
        return
    if since > until:
        raise Malformed("`from` lies after `to`; exchange them.")
