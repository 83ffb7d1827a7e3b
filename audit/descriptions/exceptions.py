"""Descriptions of the events of exceptions."""

from typing import assert_never

from audit.descriptions.formatting import format_amount
from domain import money_exception


def describe_exception_event(event: money_exception.ExceptionEvent) -> str:
    """Describe one event of an exception."""
    match event:
        case money_exception.ExceptionOpened():
            price = format_amount(event.amount, event.currency)
            entry = f", entry {event.entry} in the ledger of {event.provider}" if event.entry is not None else ""
            return f"Exception {event.kind} of {price}{entry}; owner: {event.owner}."
        case money_exception.ExceptionResolutionProposed():
            return (
                f"Account {event.by} proposed {event.resolution}, reason: {event.reason}; another account must approve."
            )
        case money_exception.ExceptionClosed():
            reason = f", reason: {event.reason}" if event.reason else ""
            refund = f"; refund {event.refund}" if event.refund else ""
            return f"Closed by {event.by}: {event.resolution}{reason}{refund}."
        case _:
            assert_never(event)
