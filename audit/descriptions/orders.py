"""Descriptions of the events of orders, payments and refunds."""

from typing import assert_never

from audit.descriptions.formatting import format_amount, format_list, format_reason, format_time
from domain import dispute, order, payment, refund


def describe_order_event(event: order.OrderEvent, currency: str | None) -> str:
    """Describe one event of an order."""
    match event:
        case order.OrderPlaced():
            places = format_list(line.place.label for line in event.lines)
            price = format_amount(event.total, event.currency)
            until = format_time(event.expires_at)
            return f"Account {event.account} ordered {places} for {price}, to be paid until {until}."
        case order.OrderExtended():
            return f"The payment deadline was extended until {format_time(event.expires_at)}."
        case order.PaymentOpened():
            return f"Payment {event.payment} of {format_amount(event.amount, currency)} was opened."
        case order.PaymentTaken():
            return f"Payment {event.payment} captured {format_amount(event.amount, currency)}."
        case order.RefundOpened():
            what = f"lines {format_list(event.lines)}" if event.lines else "money that belongs to no line"
            return f"Refund {event.refund} of {format_amount(event.amount, currency)} was opened for {what}."
        case order.RefundClosed():
            return f"Refund {event.refund} was {event.outcome}."
        case order.OrderConfirmed():
            paid = f"Payment {event.payment} confirmed the order" if event.payment else "Nothing had to be paid"
            return f"{paid}; tickets {format_list(each.ticket for each in event.tickets)}."
        case order.OrderExpired():
            return "The order expired: the payment deadline had passed."
        case order.OrderCancelled():
            return f"The order was cancelled before it was paid, {format_reason(event.reason)}."
        case order.OrderLinesCancelled():
            return f"The right to attend ended for lines {format_list(event.lines)} through refund {event.refund}."
        case _:
            assert_never(event)


def describe_payment_event(event: payment.PaymentEvent) -> str:
    """Describe one event of a payment."""
    match event:
        case payment.PaymentRequested():
            price, until = format_amount(event.amount, event.currency), format_time(event.expires_at)
            return (
                f"Account {event.account} must pay {price} for order {event.order} at {event.provider} until {until}."
            )
        case payment.PaymentCheckoutOpened():
            return f"The provider opened checkout {event.checkout}."
        case payment.PaymentActionRequired():
            return "The provider requires another step from the buyer."
        case payment.PaymentCaptured():
            price = format_amount(event.amount, event.currency)
            return f"The provider captured {price} at {format_time(event.captured_at)}; source: {event.source}."
        case payment.PaymentFailed():
            return f"The payment failed: {event.reason}."
        case payment.PaymentExpired():
            return "The payment expired without a capture."
        case payment.PaymentCancelled():
            return "The payment was cancelled: its order no longer needs it."
        case payment.PaymentSettled():
            return describe_settlement(event)
        case payment.PaymentReconciled():
            return (
                f"The capture is entry {event.entry} in the provider's ledger, "
                f"booked at {format_time(event.booked_at)}."
            )
        case dispute.DisputeOpened() | dispute.DisputeWon() | dispute.DisputeLost():
            return describe_dispute(event)
        case _:
            assert_never(event)


def describe_dispute(event: dispute.DisputeOpened | dispute.DisputeWon | dispute.DisputeLost) -> str:
    """Describe one event of a payment's dispute."""
    match event:
        case dispute.DisputeOpened():
            price = format_amount(event.amount, event.currency)
            return f"The buyer's bank disputed {price} at {format_time(event.opened_at)}; source: {event.source}."
        case dispute.DisputeWon():
            back = f"; {format_amount(event.recovered, event.currency)} was returned" if event.recovered else ""
            return f"The dispute was won at {format_time(event.decided_at)}{back}; source: {event.source}."
        case dispute.DisputeLost():
            price = format_amount(event.amount, event.currency)
            return f"The dispute over {price} was lost at {format_time(event.decided_at)}; source: {event.source}."
        case _:
            assert_never(event)


def describe_settlement(event: payment.PaymentSettled) -> str:
    """Describe the outcome of a captured payment."""
    match event.outcome:
        case payment.PaymentOutcome.CONFIRMED:
            return "The payment confirmed the order."
        case payment.PaymentOutcome.REFUNDED:
            return f"The payment is returned by refund {event.refund}."
        case payment.PaymentOutcome.EXCEPTION:
            return f"No rule applies to this payment; {event.owner} must resolve it."
        case _:
            assert_never(event.outcome)


def quote_reason(reason_text: str | None) -> str:
    """Return a reason given as free text, after a colon; empty if there is none."""
    return f": {reason_text}" if reason_text else ""


def describe_refund_event(event: refund.RefundEvent) -> str:
    """Describe one event of a refund."""
    match event:
        case refund.RefundRequested():
            price = format_amount(event.amount, event.currency)
            why = f"{format_reason(event.reason)}{quote_reason(event.reason_text)}"
            return f"A refund of {price} of order {event.order} to account {event.account} was requested, {why}."
        case refund.RefundEndorsed():
            return f"Approved by {event.by}, the first of two approvers."
        case refund.RefundApproved():
            return f"Approved by {event.by}."
        case refund.RefundRejected():
            return f"Rejected by {event.by}{quote_reason(event.reason_text)}."
        case refund.RefundSubmitted():
            return f"Sent to the provider, attempt {event.attempt}."
        case refund.RefundCompleted():
            what = (
                f"at attempt {event.attempt}, as {event.provider_refund}"
                if event.attempt
                else "nothing had to be transferred"
            )
            return f"The refund was completed: {what}."
        case refund.RefundRetried():
            return f"Account {event.by} started another attempt."
        case refund.RefundClosedManually():
            return f"Closed by account {event.by} without another transfer: {event.outcome}."
        case refund.RefundReconciled():
            booked_at = format_time(event.booked_at)
            return f"The transfer is entry {event.entry} in the provider's ledger, booked at {booked_at}."
        case refund.RefundFailed():
            owner = f"; {event.owner} must resolve it" if event.owner else ""
            return f"The provider refused the refund: {event.reason}{owner}."
        case _:
            assert_never(event)
