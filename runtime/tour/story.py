"""The steps of the tour: search, hold, extend, order, pay, check in one ticket, refund the other, read the log."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from uuid_utils.compat import uuid7

from domain.currencies import amount_text
from runtime.tour.errors import TourFailed
from runtime.tour.people import Json, TourUser, pay_by_card

GOOD_CARD = "4242424242424242"
BASE_36_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """The users of the tour."""

    customer: TourUser
    gate: TourUser
    support: TourUser
    auditor: TourUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The ids of a paid booking."""

    performance: str
    seats: tuple[str, ...]
    hold: str
    order: str
    payment: str


def run_tour(base_url: str, accounts: Mapping[str, str], password: str, report: Progress) -> None:
    """Run one booking against a running API, and report every step.

    Args:
        base_url: the API's address.
        accounts: the e-mail address of each demo role.

    Raises:
        TourFailed: the API answered differently from its contract.
        httpx.HTTPError: the API cannot be reached.
    """
    with (
        TourUser(base_url, "customer") as customer,
        TourUser(base_url, "gate") as gate,
        TourUser(base_url, "support") as support,
        TourUser(base_url, "auditor") as auditor,
    ):
        actors = Actors(customer=customer, gate=gate, support=support, auditor=auditor)
        for user in (customer, gate, support, auditor):
            user.sign_in(accounts[user.name], password)
        report("customer, gate, support and auditor have signed in")
        booking = buy(actors, report)
        kept, returned = show_tickets(actors, booking, report)
        check_in(actors, kept, report)
        refund = refund_ticket(actors, booking, returned, report)
        print_events(actors, booking, refund, (kept, returned), report)


def buy(actors: Actors, report: Progress) -> Booking:
    """Find two adjacent free seats, hold them, extend the hold, order and pay."""
    customer = actors.customer
    performance, seats = find_seats(customer)
    report(f"two adjacent free seats: {' and '.join(seats)}")
    hold = customer.post(f"/performances/{performance}/holds", {"items": [{"seat": seat} for seat in seats]})
    report(f"held until {hold['expires_at']} for {price(hold['quote']['total'])} (position {hold['position']})")
    extended = customer.post(f"/holds/{hold['hold_id']}/extend", expect=200)
    report(f"extended once, until {extended['expires_at']}")
    key = uuid7()
    order = customer.post("/orders", {"hold_id": hold["hold_id"]}, key=key)
    report(f"ordered as {order['order_code']}; the price is still {price(order['total'])}")
    again = customer.post("/orders", {"hold_id": hold["hold_id"]}, key=key)
    if again != order:
        raise TourFailed("The same request sent twice got two different responses.")
    report("sent again with the same idempotency key: the same response, no second order")
    payment = customer.post(f"/orders/{order['order_id']}/payments", {"provider": "sandbox"})
    pay_by_card(payment["checkout_url"], GOOD_CARD)
    report("paid on the sandbox's page; its signed webhook notifies the API")
    customer.wait(f"/orders/{order['order_id']}", lambda body: bool(body["status"] == "confirmed"))
    report("the order is confirmed")
    return Booking(
        performance=performance,
        seats=seats,
        hold=hold["hold_id"],
        order=order["order_id"],
        payment=payment["payment_id"],
    )


def find_seats(customer: TourUser) -> tuple[str, tuple[str, ...]]:
    """Return the first performance on sale with two adjacent free seats, and their keys.

    Raises:
        TourFailed: there is none.
    """
    for event in customer.get("/events", limit=100)["items"]:
        for performance in customer.get(f"/events/{event['event_id']}")["performances"]:
            if not is_on_sale(performance):
                continue
            found = find_adjacent_seats(customer, performance["performance_id"])
            if found:
                return performance["performance_id"], found
    raise TourFailed("No performance on sale has two adjacent free seats; seed the demo first.")


def is_on_sale(performance: Json) -> bool:
    """Return whether a performance is on sale with prices above zero, which the payment step needs."""

    return performance["sales"] == "open" and all(each["price"]["amount"] > 0 for each in performance["prices"])


def find_adjacent_seats(customer: TourUser, performance: str) -> tuple[str, ...] | None:
    """Return the keys of two adjacent free seats, if there are any."""
    states = customer.get(f"/performances/{performance}/seats")["states"]
    taken = {seat for seats in states.values() for seat in seats}
    for row in rows(customer.get(f"/performances/{performance}/layout")):
        for pair in pairwise(row):
            if not taken.intersection(pair):
                return pair
    return None


def rows(layout: Json) -> Iterator[list[str]]:
    """Yield the seat keys of every row of a layout document."""
    for section in layout["sections"]:
        for row in section["rows"]:
            pairs = zip(row["keys"][::2], row["keys"][1::2], strict=True)
            yield [nth_key(first, nth) for first, count in pairs for nth in range(count)]


def nth_key(first: str, nth: int) -> str:
    """Return the key `nth` steps after `first`; a key is a letter and a number in base 36."""
    number, digits = int(first[1:], 36) + nth, ""
    while number:
        number, digit = divmod(number, len(BASE_36_DIGITS))
        digits = BASE_36_DIGITS[digit] + digits
    return first[0] + (digits or "0")


def show_tickets(actors: Actors, booking: Booking, report: Progress) -> tuple[Json, Json]:
    """Report the order's tickets, and return its two lines."""
    kept, returned = actors.customer.get(f"/orders/{booking.order}")["lines"]
    qr = actors.customer.text(f"/tickets/{kept['ticket_id']}/qr.svg")
    labels = " and ".join(line["place"]["label"] for line in (kept, returned))
    report(f"two tickets: {labels}; a QR code of {len(qr)} bytes of SVG")
    return kept, returned


def check_in(actors: Actors, ticket: Json, report: Progress) -> None:
    """Scan a ticket twice at the gate; the second scan is refused.

    Raises:
        TourFailed: the outcome of a scan is another one.
    """
    code = actors.customer.get(f"/tickets/{ticket['ticket_id']}")["code"]
    for nonce, expected in (("tour-1", "admitted"), ("tour-2", "refused")):
        scan = {
            "code": code,
            "gate": "north",
            "nonce": f"{nonce}-{ticket['ticket_id']}",
            "override_window": True,
        }
        answer = actors.gate.post("/scans", scan, expect=200)
        if answer["outcome"] != expected:
            raise TourFailed(f"The scan was {answer['outcome']}, not {expected}: {answer}")
        report(f"gate north: {answer['outcome']}{' (' + answer['reason'] + ')' if answer['reason'] else ''}")


def refund_ticket(actors: Actors, booking: Booking, ticket: Json, report: Progress) -> str:
    """Request a refund of the unused ticket, approve it and wait for the provider; return the refund's id."""
    requested = actors.customer.post(f"/orders/{booking.order}/refunds", {"lines": [ticket["line_id"]]})
    refund: str = requested["refund_id"]
    report(f"refund of {price(requested['amount'])} requested")
    actors.support.post(f"/refunds/{refund}/approve", expect=200)
    report("support approved: the ticket is void and the seat is free again")

    def is_completed(order: Json) -> bool:
        return any(each["refund_id"] == refund and each["status"] == "completed" for each in order["refunds"])

    actors.customer.wait(f"/orders/{booking.order}", is_completed)
    report("the provider has refunded the money")
    return refund


def print_events(actors: Actors, booking: Booking, refund: str, lines: tuple[Json, Json], report: Progress) -> None:
    """Report every event that the booking caused, in the order of the log."""
    streams = [
        *(f"seat-{booking.performance}-{seat}" for seat in booking.seats),
        *(f"ticket-{line['ticket_id']}" for line in lines),
        f"hold-{booking.hold}",
        f"order-{booking.order}",
        f"payment-{booking.payment}",
        f"refund-{refund}",
    ]
    events = [event for stream in streams for event in actors.auditor.get(f"/audit/streams/{stream}")["items"]]
    report(f"the booking caused {len(events)} events:")
    for event in sorted(events, key=lambda event: int(event["position"])):
        report(f"  {event['position']:>7}  {event['name']:<22} {event['stream']}")


def price(money: Json) -> str:
    """Format an amount of money: 45.00 EUR."""
    return amount_text(money["amount"], money["currency"])
