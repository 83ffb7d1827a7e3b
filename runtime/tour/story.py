"""The story itself: search, hold, extend, order, pay, enter with one ticket, give the other one back, read the log."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from uuid_utils.compat import uuid7

from domain.currencies import amount_text
from runtime.tour.errors import TourFailed
from runtime.tour.people import Json, TourUser, pay_by_card

GOOD_CARD = "4242424242424242"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """Who acts: a customer, the gate, the support desk, an auditor."""

    customer: TourUser
    gate: TourUser
    support: TourUser
    auditor: TourUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What the story is about by the time the money has arrived."""

    performance: str
    seats: tuple[str, ...]
    hold: str
    order: str
    payment: str


def run_tour(base_url: str, accounts: Mapping[str, str], password: str, report: Progress) -> None:
    """Walk one booking through the running shop, telling every step.

    Args:
        base_url: where the API is.
        accounts: the e-mail address of every demo role.

    Raises:
        TourFailed: a step did not go as the contract says.
        httpx.HTTPError: the shop cannot be reached.
    """
    with (
        TourUser(base_url, "customer") as customer,
        TourUser(base_url, "gate") as gate,
        TourUser(base_url, "support") as support,
        TourUser(base_url, "auditor") as auditor,
    ):
        actors = Actors(customer=customer, gate=gate, support=support, auditor=auditor)
        for person in (customer, gate, support, auditor):
            person.sign_in(accounts[person.name], password)
        report("customer, gate, support and auditor have signed in")
        booking = buy(actors, report)
        kept, returned = tickets(actors, booking, report)
        enter(actors, kept, report)
        refund = give_back(actors, booking, returned, report)
        read_the_log(actors, booking, refund, (kept, returned), report)


def buy(actors: Actors, report: Progress) -> Booking:
    """Find two free seats, hold them, extend the hold, order and pay."""
    customer = actors.customer
    performance, seats = find_seats(customer)
    report(f"two free seats next to each other: {' and '.join(seats)}")
    hold = customer.post(f"/performances/{performance}/holds", {"items": [{"seat": seat} for seat in seats]})
    report(f"held until {hold['expires_at']} for {price(hold['quote']['total'])} (position {hold['position']})")
    extended = customer.post(f"/holds/{hold['hold_id']}/extend", expect=200)
    report(f"extended once, until {extended['expires_at']}")
    key = uuid7()
    order = customer.post("/orders", {"hold_id": hold["hold_id"]}, key=key)
    report(f"ordered as {order['order_code']}; the price is still {price(order['total'])}")
    again = customer.post("/orders", {"hold_id": hold["hold_id"]}, key=key)
    if again != order:
        raise TourFailed("The same request twice gave two answers.")
    report("sent again with the same idempotency key: the same answer, no second order")
    payment = customer.post(f"/orders/{order['order_id']}/payments", {"provider": "sandbox"})
    pay_by_card(payment["checkout_url"], GOOD_CARD)
    report("paid at the sandbox's page; its signed webhook tells the shop")
    customer.wait(f"/orders/{order['order_id']}", lambda seen: bool(seen["status"] == "confirmed"))
    report("the order is confirmed")
    return Booking(
        performance=performance,
        seats=seats,
        hold=hold["hold_id"],
        order=order["order_id"],
        payment=payment["payment_id"],
    )


def find_seats(customer: TourUser) -> tuple[str, tuple[str, ...]]:
    """Return the first performance on sale with two free neighbours, and their seat keys.

    Raises:
        TourFailed: there is none.
    """
    for event in customer.get("/events", limit=100)["items"]:
        for performance in customer.get(f"/events/{event['event_id']}")["performances"]:
            if not sells(performance):
                continue
            found = find_adjacent_seats(customer, performance["performance_id"])
            if found:
                return performance["performance_id"], found
    raise TourFailed("No performance on sale has two free neighbours; seed the demo first.")


def sells(performance: Json) -> bool:
    """Say whether a performance sells now, and for money: the story has a payment."""
    return performance["sales"] == "open" and all(each["price"]["amount"] > 0 for each in performance["prices"])


def find_adjacent_seats(customer: TourUser, performance: str) -> tuple[str, ...] | None:
    """Return two free seats that stand side by side."""
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
    """Return the key that is `nth` steps after `first`; keys count in base 36 after their letter."""
    number, digits = int(first[1:], 36) + nth, ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return first[0] + (digits or "0")


def tickets(actors: Actors, booking: Booking, report: Progress) -> tuple[Json, Json]:
    """Return both lines of the order, each with its ticket."""
    kept, returned = actors.customer.get(f"/orders/{booking.order}")["lines"]
    qr = actors.customer.text(f"/tickets/{kept['ticket_id']}/qr.svg")
    labels = " and ".join(line["place"]["label"] for line in (kept, returned))
    report(f"two tickets: {labels}; a QR code of {len(qr)} bytes of SVG")
    return kept, returned


def enter(actors: Actors, ticket: Json, report: Progress) -> None:
    """Scan one ticket at the gate, then once more."""
    code = actors.customer.get(f"/tickets/{ticket['ticket_id']}")["code"]
    for nonce, expected in (("tour-1", "admitted"), ("tour-2", "refused")):
        reading = {
            "code": code,
            "gate": "north",
            "nonce": f"{nonce}-{ticket['ticket_id']}",
            "override_window": True,
        }
        answer = actors.gate.post("/scans", reading, expect=200)
        if answer["outcome"] != expected:
            raise TourFailed(f"The gate {answer['outcome']} where it should have {expected}: {answer}")
        report(f"gate north: {answer['outcome']}{' (' + answer['reason'] + ')' if answer['reason'] else ''}")


def give_back(actors: Actors, booking: Booking, ticket: Json, report: Progress) -> str:
    """Ask for the money of the unused ticket, let support approve, wait for the provider; return the refund."""
    asked = actors.customer.post(f"/orders/{booking.order}/refunds", {"lines": [ticket["line_id"]]})
    refund: str = asked["refund_id"]
    report(f"asked for {price(asked['amount'])} back")
    actors.support.post(f"/refunds/{refund}/approve", expect=200)
    report("support approved: the ticket is void and the seat is free again")

    def completed(seen: Json) -> bool:
        return any(back["refund_id"] == refund and back["status"] == "completed" for back in seen["refunds"])

    actors.customer.wait(f"/orders/{booking.order}", completed)
    report("the provider gave the money back")
    return refund


def read_the_log(actors: Actors, booking: Booking, refund: str, pair: tuple[Json, Json], report: Progress) -> None:
    """Print every event the booking caused, in the order of the log."""
    streams = [
        *(f"seat-{booking.performance}-{seat}" for seat in booking.seats),
        *(f"ticket-{ticket['ticket_id']}" for ticket in pair),
        f"hold-{booking.hold}",
        f"order-{booking.order}",
        f"payment-{booking.payment}",
        f"refund-{refund}",
    ]
    events = [event for stream in streams for event in actors.auditor.get(f"/audit/streams/{stream}")["items"]]
    report(f"{len(events)} events tell the whole story:")
    for event in sorted(events, key=lambda event: int(event["position"])):
        report(f"  {event['position']:>7}  {event['name']:<22} {event['stream']}")


def price(money: Json) -> str:
    """Write an amount of money for a person, 45.00 EUR for example."""
    return amount_text(money["amount"], money["currency"])
