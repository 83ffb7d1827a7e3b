"""Payments: started here, paid at the provider. Card data never reaches this API."""

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
async def start_payment(request: Request, order_id: UUID, body: PaymentRequest) -> Response:
    """Start a payment.

    Opens a checkout at the payment provider for an unpaid order; send the buyer to `checkout_url`. If the provider does
    not answer (`provider_unavailable`), send the same request with the same Idempotency-Key again: it continues where
    it stopped.
    """
    gateway = services_of(request).gateways.get(body.provider)
    if gateway is None:
        providers = sorted(services_of(request).gateways)
        raise Invalid("There is no such payment provider.", providers=providers)
    command = OpenPayment(
        payment=str(uuid7()), order=str(order_id), account=identity_of(request).account, provider=body.provider
    )
    requested = await execute_command(request, lambda context: open_payment(context, command))
    opened, url = await open_checkout_once(request, gateway, requested)
    event: PaymentRequested = requested.of(PaymentRequested)
    response_body = {
        "payment_id": payment_id_of(requested),
        "order_id": event.order,
        "provider": event.provider,
        "status": PaymentStatus.OPEN,
        "amount": money(event.amount, event.currency),
        "checkout_url": url,
        "expires_at": event.expires_at,
    }
    return command_response(opened, response_body, status=201)


def payment_id_of(requested: Outcome) -> str:
    """Return the id of the payment that a command started."""
    return next(id_of(stream) for stream, fact in requested.events if isinstance(fact, PaymentRequested))


async def open_checkout_once(request: Request, gateway: PaymentGateway, requested: Outcome) -> tuple[Outcome, str]:
    """Open the checkout at the provider and record it, once for any number of attempts.

    The checkout's URL is stored beside the log, because it allows paying. If the URL is no longer stored, the provider
    returns it for the same reference.

    Raises:
        PaymentUnavailable: the provider does not answer; nothing is recorded, and a retry continues from here.
        PaymentRefused: the provider refuses the checkout.
    """
    event: PaymentRequested = requested.of(PaymentRequested)
    payment = payment_id_of(requested)
    services = services_of(request)
    recorded_events = (await read_events(services, PAYMENT.stream(payment)))[PAYMENT.stream(payment)]
    checkout_id = next((fact.checkout for fact in recorded_events if isinstance(fact, PaymentCheckoutOpened)), None)
    url = (await services.checkout_urls.find_many([payment])).get(payment)
    if checkout_id is None or url is None:
        checkout = await gateway.open_checkout(
            reference=payment,
            amount=event.amount,
            currency=event.currency,
            expires_at=event.expires_at,
            return_url=f"{services.api_settings.public_url}/orders/{event.order}",
            description=f"Order {order_code(event.order)}",
        )
        checkout_id, url = checkout_id or checkout.checkout_id, checkout.url
        await services.checkout_urls.save(payment, url, event.expires_at)
    opened_checkout = checkout_id

    def decide(context: DecisionContext) -> Changes:
        return open_checkout(context, payment=payment, checkout=opened_checkout)

    return await execute_command(request, decide, step="checkout", begun=True), url


@router.get("/payments/{payment_id}", responses={200: {"model": PaymentResponse}})
async def get_payment(request: Request, payment_id: UUID, min_position: MinPosition = None) -> Response:
    """Get a payment.

    Returns the payment, read from the log, so always current. Only the owner gets `checkout_url`.
    """
    await wait_for_position(request, min_position)
    payment, owner = str(payment_id), await owner_filter(request)
    state = await services_of(request).handler.query(lambda context: require_visible_payment(context, payment, owner))
    own = owner is not None or state.account == identity_of(request).account
    urls = await checkout_urls(services_of(request), {payment: state}, owner=own)
    return json_response(
        present.payment_from_state(payment, state, services_of(request).clock.now(), urls.get(payment))
    )


def require_visible_payment(context: DecisionContext, payment: str, owner: str | None) -> RequestedPayment:
    """Return a payment of the owner; None as owner: of any account.

    Raises:
        NotFound: no such payment, or it belongs to another account.
    """
    state = require_payment(context, payment)
    if not (owner is None or owns(context, owner, state.account)):
        raise NotFound("There is no such payment.")
    return state
