"""Interpretation of the text of an order search, and the orders that the sender may find."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request

from api.auth.identity import identity_of
from api.auth.visibility import SUPPORT_ROLES, organizers_of
from api.dependencies import services_of
from domain.decision import DecisionContext
from domain.order import ORDER, PlacedOrder
from domain.payment import PAYMENT, RequestedPayment
from domain.refund import REFUND, RequestedRefund
from domain.ticket import TICKET, IssuedTicket
from domain.values import Role, order_code_in
from projections.my_orders import OrderTerms

BUYERS_MAX = 200


async def searchable_orders(request: Request, *, filtered: bool) -> tuple[str, Sequence[str]] | None:
    """Return the account and organizers whose orders the sender may find; None: all orders.

    Without a filter every account lists only its own orders.
    """
    identity = identity_of(request)
    if not filtered:
        return identity.account, []
    if await identity.has_role(*SUPPORT_ROLES):
        return None
    return identity.account, await organizers_of(request, identity, Role.ORGANIZER)


async def search_terms_of(request: Request, text: str) -> OrderTerms:
    """Return the possible meanings of a text: an id, an order code, a person, a seat's label."""
    services, typed = services_of(request), text.strip()
    if (key := as_id(typed)) is not None:
        return OrderTerms(orders=await services.handler.query(lambda context: orders_of(context, key)))
    buyers = await services.people.find_buyers(" ".join(typed.split()), limit=BUYERS_MAX)
    code = order_code_in(typed)
    return OrderTerms(
        codes=[] if code is None else [code],
        accounts=buyers.accounts,
        contacts=buyers.contacts,
        label=typed.lower(),
    )


def as_id(text: str) -> str | None:
    """Return the id that a text contains; None if it is not an id."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def orders_of(context: DecisionContext, key: str) -> list[str]:
    """Return the orders of an id, which may be of an order, payment, refund or ticket."""
    found = [key] if isinstance(context.read(ORDER, key), PlacedOrder) else []
    payment, refund, ticket = context.read(PAYMENT, key), context.read(REFUND, key), context.read(TICKET, key)
    if isinstance(payment, RequestedPayment):
        found.append(payment.order)
    if isinstance(refund, RequestedRefund) and refund.order is not None:
        found.append(refund.order)
    if isinstance(ticket, IssuedTicket):
        found.append(ticket.order)
    return found
