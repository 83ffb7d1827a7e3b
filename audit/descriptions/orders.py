"""What happened to an order, to its payments and to its refunds."""

from collections.abc import Mapping
from typing import assert_never

from audit.descriptions.formatting import format_amount, format_list, format_reason, format_time
from domain import order, payment, refund


def describe_order_event(event: order.OrderEvent, currency: str | None) -> str:
    """Tell what happened to an order."""
    match event:
        case order.OrderPlaced():
            places = format_list(line.place.label for line in event.lines)
            price = format_amount(event.total, event.currency)
            until = format_time(event.expires_at)
            return f"Account {event.account} ordered {places} for {price}, to be paid until {until}."
        case order.OrderExtended():
            return f"The time to pay was prolonged until {format_time(event.expires_at)}."
        case order.PaymentOpened():
            return f"Payment {event.payment} of {format_amount(event.amount, currency)} began."
        case order.PaymentTaken():
            return f"Payment {event.payment} brought {format_amount(event.amount, currency)}."
        case order.RefundOpened():
            what = f"lines {format_list(event.lines)}" if event.lines else "money beside the lines"
            return f"Refund {event.refund} of {format_amount(event.amount, currency)} was opened for {what}."
        case order.RefundClosed():
            return f"Refund {event.refund} was {event.outcome}."
        case order.OrderConfirmed():
            paid = f"Payment {event.payment} confirmed the order" if event.payment else "Nothing was to pay"
            return f"{paid}; tickets {format_list(each.ticket for each in event.tickets)}."
        case order.OrderExpired():
            return "The order ended: the time to pay had run out."
        case order.OrderCancelled():
            return f"The order was cancelled before it was paid, {format_reason(event.reason)}."
        case order.OrderLinesCancelled():
            return f"The right to attend ended for lines {format_list(event.lines)} through refund {event.refund}."
        case _:
            assert_never(event)


ENDED_UNPAID: Mapping[type[payment.PaymentEvent], str] = {
    payment.PaymentExpired: "The time to pay ended without money.",
    payment.PaymentCancelled: "The payment was cancelled: its order needs no money from it any more.",
}


def describe_payment_event(event: payment.PaymentEvent) -> str:
    """Tell what happened to a payment."""
    match event:
        case payment.PaymentRequested():
            price, until = format_amount(event.amount, event.currency), format_time(event.expires_at)
            return (
                f"Account {event.account} is to pay {price} for order {event.order} at {event.provider} until {until}."
            )
        case payment.PaymentCheckoutOpened():
            return f"The provider's page {event.checkout} waits for the buyer."
        case payment.PaymentActionRequired():
            return "The provider asks the buyer for one more step."
        case payment.PaymentCaptured():
            price = format_amount(event.amount, event.currency)
            return f"The provider took {price} at {format_time(event.captured_at)}; we know from its {event.source}."
        case payment.PaymentFailed():
            return f"The provider refused: {event.reason}."
        case payment.PaymentExpired() | payment.PaymentCancelled():
            return ENDED_UNPAID[type(event)]
        case payment.PaymentSettled():
            return describe_settlement(event)
        case payment.PaymentReconciled():
            return (
                f"The capture is entry {event.entry} in the provider's books, booked at {format_time(event.booked_at)}."
            )
        case payment.DisputeOpened():
            price = format_amount(event.amount, event.currency)
            return f"The buyer's bank disputed {price} at {format_time(event.opened_at)}; source: {event.source}."
        case payment.DisputeWon():
            back = f"; {format_amount(event.recovered, event.currency)} came back" if event.recovered else ""
            return f"The dispute was won at {format_time(event.decided_at)}{back}; source: {event.source}."
        case payment.DisputeLost():
            price = format_amount(event.amount, event.currency)
            return f"The dispute was lost at {format_time(event.decided_at)}: {price} is gone; source: {event.source}."
        case _:
            assert_never(event)


def describe_settlement(event: payment.PaymentSettled) -> str:
    """Tell what a captured payment led to."""
    match event.outcome:
        case payment.PaymentOutcome.CONFIRMED:
            return "The money confirmed the order."
        case payment.PaymentOutcome.REFUNDED:
            return f"The money goes back with refund {event.refund}."
        case payment.PaymentOutcome.EXCEPTION:
            return f"No rule fits this money; {event.owner} must look at it."
        case _:
            assert_never(event.outcome)


def quote_reason(reason_text: str | None) -> str:
    """Quote what a person gave as the reason."""
    return f": {reason_text}" if reason_text else ""


def describe_refund_event(event: refund.RefundEvent) -> str:
    """Tell what happened to a refund."""
    match event:
        case refund.RefundRequested():
            price = format_amount(event.amount, event.currency)
            why = f"{format_reason(event.reason)}{quote_reason(event.reason_text)}"
            return f"{price} of order {event.order} shall go back to account {event.account}, {why}."
        case refund.RefundEndorsed():
            return f"Approved by {event.by}, the first of two."
        case refund.RefundApproved():
            return f"Approved by {event.by}."
        case refund.RefundRejected():
            return f"Rejected by {event.by}{quote_reason(event.reason_text)}."
        case refund.RefundSubmitted():
            return f"The provider is asked to give the money back, attempt {event.attempt}."
        case refund.RefundCompleted():
            what = (
                f"at attempt {event.attempt}, as {event.provider_refund}"
                if event.attempt
                else "nothing was to transfer"
            )
            return f"The money is back: {what}."
        case refund.RefundRetried():
            return f"Account {event.by} has the transfer tried again."
        case refund.RefundClosedManually():
            return f"Closed by account {event.by} without another transfer: {event.outcome}."
        case refund.RefundReconciled():
            booked_at = format_time(event.booked_at)
            return f"The transfer is entry {event.entry} in the provider's books, booked at {booked_at}."
        case refund.RefundFailed():
            owner = f"; {event.owner} must look at it" if event.owner else ""
            return f"The provider refused to give the money back: {event.reason}{owner}."
        case _:
            assert_never(event)
