"""Descriptions of the events of seats, holds and buyers' quotas."""

from typing import assert_never

from audit.descriptions.formatting import format_amount, format_list, format_reason, format_time
from domain import buyer_quota, hold, seat


def describe_seat_event(event: seat.SeatEvent, currency: str | None) -> str:
    """Describe one event of a seat."""
    match event:
        case seat.SeatHeld():
            until, price = format_time(event.expires_at), format_amount(event.price, currency)
            return f"Held by account {event.holder} until {until} in hold {event.hold}, for {price}."
        case seat.SeatHoldExtended():
            return f"Hold {event.hold} was extended until {format_time(event.expires_at)}."
        case seat.SeatReleased():
            return f"Released from hold {event.hold} {format_reason(event.reason)}."
        case seat.SeatSold():
            return f"Sold in order {event.order} with ticket {event.ticket}."
        case seat.SeatReturned():
            return f"Returned from order {event.order} {format_reason(event.reason)}."
        case seat.SeatBlocked():
            until = f" until {format_time(event.release_at)}" if event.release_at else ""
            return f"Taken off sale{until} {format_reason(event.reason)}, by account {event.owner}."
        case seat.SeatUnblocked():
            why = f" (it was blocked {format_reason(event.reason)})" if event.reason else ""
            return f"Put on sale again{why}."
        case _:
            assert_never(event)


def describe_hold_event(event: hold.HoldEvent) -> str:
    """Describe one event of a hold."""
    match event:
        case hold.HoldPlaced():
            places = format_list(line.place.label for line in event.lines)
            price = format_amount(event.total, event.currency)
            return f"Account {event.holder} held {places} until {format_time(event.expires_at)}, for {price}."
        case hold.HoldExtended():
            return f"The hold was extended until {format_time(event.expires_at)}."
        case hold.HoldOrdered():
            return f"The hold became order {event.order}."
        case hold.HoldReleased():
            return f"The hold was released {format_reason(event.reason)}."
        case hold.HoldExpired():
            return "The hold expired."
        case _:
            assert_never(event)


def describe_quota_event(event: buyer_quota.BuyerEvent) -> str:
    """Describe one event of a buyer's quota."""
    match event:
        case buyer_quota.BuyerQuotaTaken():
            return (
                f"{event.seats} seats of hold {event.hold} count for the limit until {format_time(event.expires_at)}."
            )
        case buyer_quota.BuyerQuotaExtended():
            return f"The seats of hold {event.hold} count for the limit until {format_time(event.expires_at)}."
        case buyer_quota.BuyerQuotaKept():
            return f"{event.seats} seats of hold {event.hold} count permanently: order {event.order} is paid."
        case buyer_quota.BuyerQuotaReturned():
            return f"{event.seats} seats of hold {event.hold} no longer count for the limit."
        case buyer_quota.BuyerQuotaMoved():
            return f"The guest logged in: the seats now count for account {event.into}."
        case buyer_quota.BuyerQuotaReceived():
            until = f"until {format_time(event.expires_at)}" if event.expires_at else "permanently"
            return f"Guest {event.guest} logged in: {event.seats} seats of hold {event.hold} count {until}."
        case _:
            assert_never(event)
