"""Payments: opened here, paid at the provider; card data never comes near us."""

from uuid import UUID

from fastapi import Request, Response
from uuid_utils.compat import uuid7

from api.auth.identity import identity_of
from api.auth.visibility import owner_filter
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.routing import business_router
from api.presenters import orders as present
from api.presenters.values import id_of, money
from api.queries.checkouts import checkout_urls
from api.schemas.payments import PaymentOpened, PaymentRequest, PaymentResponse
from application.event_reader import read_events
from domain.account import owns
from domain.decision import Changes, DecisionContext
from domain.decisions.paying import OpenPayment, open_checkout, open_payment, require_payment
from domain.errors import Invalid, NotFound
from domain.payment import PAYMENT, PaymentCheckoutOpened, PaymentRequested, PaymentStatus, RequestedPayment
from domain.ports.payment_gateway import PaymentGateway
from domain.values import order_code
from eventstore.command import Outcome

router = business_router("payments")


@router.post("/orders/{order_id}/payments", status_code=201, responses={201: {"model": PaymentOpened}})
async def pay(request: Request, order_id: UUID, body: PaymentRequest) -> Response:
    """Begin an attempt to pay an order; send the buyer to `checkout_url`.

    If the provider does not answer (503), send the same request with the same Idempotency-Key again: it goes on where
    it was.
    """
    gateway = services_of(request).gateways.get(body.provider)
    if gateway is None:
        known = sorted(services_of(request).gateways)
        raise Invalid("There is no such payment provider.", providers=known)
    command = OpenPayment(
        payment=str(uuid7()), order=str(order_id), account=identity_of(request).account, provider=body.provider
    )
    requested = await execute_command(request, lambda context: open_payment(context, command))
    opened, url = await open_checkout_once(request, gateway, requested)
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
    return command_response(opened, shown_payment, status=201)


def payment_of(requested: Outcome) -> str:
    """Return the id of the payment that a command began."""
    return next(id_of(stream) for stream, fact in requested.events if isinstance(fact, PaymentRequested))


async def open_checkout_once(request: Request, gateway: PaymentGateway, requested: Outcome) -> tuple[Outcome, str]:
    """Have the provider open its checkout and record it, both once, however often the request is sent.

    Its address is kept beside the log: whoever has it may pay there. Where it is not known any more, the provider is
    asked for it again, by the same reference.

    Raises:
        PaymentUnavailable: the provider does not answer; nothing is recorded, and the next try goes on from here.
        PaymentRefused: the provider says no.
    """
    wanted: PaymentRequested = requested.of(PaymentRequested)
    payment = payment_of(requested)
    services = services_of(request)
    before = (await read_events(services, PAYMENT.stream(payment)))[PAYMENT.stream(payment)]
    place = next((fact.checkout for fact in before if isinstance(fact, PaymentCheckoutOpened)), None)
    url = (await services.checkout_urls.find_many([payment])).get(payment)
    if place is None or url is None:
        checkout = await gateway.open_checkout(
            reference=payment,
            amount=wanted.amount,
            currency=wanted.currency,
            expires_at=wanted.expires_at,
            return_url=f"{services.api_settings.public_url}/orders/{wanted.order}",
            description=f"Order {order_code(wanted.order)}",
        )
        place, url = place or checkout.checkout_id, checkout.url
        await services.checkout_urls.save(payment, url, wanted.expires_at)
    known = place

    def decide(context: DecisionContext) -> Changes:
        return open_checkout(context, payment=payment, checkout=known)

    return await execute_command(request, decide, step="checkout", begun=True), url


@router.get("/payments/{payment_id}", responses={200: {"model": PaymentResponse}})
async def show_payment(request: Request, payment_id: UUID, min_position: MinPosition = None) -> Response:
    """Show a payment as it stands, to its owner and to support; read from the log, so never behind."""
    await wait_for_position(request, min_position)
    payment, owner = str(payment_id), await owner_filter(request)
    state = await services_of(request).handler.query(lambda context: require_visible_payment(context, payment, owner))
    own = owner is not None or state.account == identity_of(request).account
    urls = await checkout_urls(services_of(request), {payment: state}, owner=own)
    return json_response(
        present.payment_from_state(payment, state, services_of(request).clock.now(), urls.get(payment))
    )


def require_visible_payment(context: DecisionContext, payment: str, owner: str | None) -> RequestedPayment:
    """Read a payment that must be the owner's; None: anybody's.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    state = require_payment(context, payment)
    if not (owner is None or owns(context, owner, state.account)):
        raise NotFound("There is no such payment.")
    return state
