"""Payments: opened here, paid at the provider; card data never comes near us."""

from uuid import UUID

from fastapi import Request, Response
from uuid_utils.compat import uuid7

from api.checkouts import checkout_urls
from api.commands import MinPosition, answer, carry_out, caught_up, shown
from api.engine import engine_of
from api.facts import recall
from api.identity import identity_of
from api.presenters import baskets as present
from api.presenters.values import id_of, money
from api.routing import business_router
from api.schemas.payments import PaymentOpened, PaymentShown, PaymentWish
from api.visibility import whose
from domain.account import owns
from domain.books import Changes, DecisionContext
from domain.errors import Invalid, NotFound
from domain.paying import OpenPayment, open_checkout, open_payment, require_payment
from domain.payment import PAYMENT, PaymentCheckoutOpened, PaymentRequested, PaymentStatus, RequestedPayment
from domain.ports import PaymentGateway
from domain.values import order_code
from eventstore.command import Outcome

router = business_router("payments")


@router.post("/orders/{order_id}/payments", status_code=201, responses={201: {"model": PaymentOpened}})
async def pay(request: Request, order_id: UUID, body: PaymentWish) -> Response:
    """Begin an attempt to pay an order; send the buyer to `checkout_url`.

    If the provider does not answer (503), send the same request with the same Idempotency-Key again: it goes on where
    it was.
    """
    gateway = engine_of(request).gateways.get(body.provider)
    if gateway is None:
        known = sorted(engine_of(request).gateways)
        raise Invalid("There is no such payment provider.", providers=known)
    command = OpenPayment(
        payment=str(uuid7()), order=str(order_id), account=identity_of(request).account, provider=body.provider
    )
    requested = await carry_out(request, lambda context: open_payment(context, command))
    opened, url = await checkout_opened(request, gateway, requested)
    wanted: PaymentRequested = requested.of(PaymentRequested)
    shown_payment = {
        "payment_id": payment_of(requested),
        "order_id": wanted.order,
        "provider": wanted.provider,
        "status": PaymentStatus.OPEN,
        "amount": money(wanted.amount, wanted.currency),
        "checkout_url": url,
        "expires_at": wanted.expires_at,
    }
    return answer(opened, shown_payment, status=201)


def payment_of(requested: Outcome) -> str:
    """Return the id of the payment that a command began."""
    return next(id_of(stream) for stream, fact in requested.events if isinstance(fact, PaymentRequested))


async def checkout_opened(request: Request, gateway: PaymentGateway, requested: Outcome) -> tuple[Outcome, str]:
    """Have the provider open its checkout and record it, both once, however often the request is sent.

    Its address is kept beside the log: whoever has it may pay there. Where it is not known any more, the provider is
    asked for it again, by the same reference.

    Raises:
        PaymentUnavailable: the provider does not answer; nothing is recorded, and the next try goes on from here.
        PaymentRefused: the provider says no.
    """
    wanted: PaymentRequested = requested.of(PaymentRequested)
    payment = payment_of(requested)
    engine = engine_of(request)
    before = (await recall(engine, PAYMENT.stream(payment)))[PAYMENT.stream(payment)]
    place = next((fact.checkout for fact in before if isinstance(fact, PaymentCheckoutOpened)), None)
    url = (await engine.checkout_urls.find_many([payment])).get(payment)
    if place is None or url is None:
        checkout = await gateway.open_checkout(
            reference=payment,
            amount=wanted.amount,
            currency=wanted.currency,
            expires_at=wanted.expires_at,
            return_url=f"{engine.terms.public_url}/orders/{wanted.order}",
            description=f"Order {order_code(wanted.order)}",
        )
        place, url = place or checkout.checkout_id, checkout.url
        await engine.checkout_urls.save(payment, url, wanted.expires_at)
    known = place

    def decide(context: DecisionContext) -> Changes:
        return open_checkout(context, payment=payment, checkout=known)

    return await carry_out(request, decide, step="checkout", begun=True), url


@router.get("/payments/{payment_id}", responses={200: {"model": PaymentShown}})
async def show_payment(request: Request, payment_id: UUID, min_position: MinPosition = None) -> Response:
    """Show a payment as it stands, to its owner and to support; read from the log, so never behind."""
    await caught_up(request, min_position)
    payment, owner = str(payment_id), await whose(request)
    state = await engine_of(request).handler.query(lambda context: visible(context, payment, owner))
    own = owner is not None or state.account == identity_of(request).account
    urls = await checkout_urls(engine_of(request), {payment: state}, owner=own)
    return shown(present.payment_now(payment, state, engine_of(request).clock.now(), urls.get(payment)))


def visible(context: DecisionContext, payment: str, owner: str | None) -> RequestedPayment:
    """Read a payment that must be the owner's; None: anybody's.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    state = require_payment(context, payment)
    if not (owner is None or owns(context, owner, state.account)):
        raise NotFound("There is no such payment.")
    return state
