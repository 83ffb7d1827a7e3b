"""Payments from card to settlement, with the real gateway, without webhooks, on the memory store."""

from datetime import timedelta
from functools import partial

import pytest

from domain.decisions import ordering
from domain.money_exception import EXCEPTIONS_OWNER
from domain.order import OrderStatus
from domain.payment import PaymentOutcome, PaymentStatus
from domain.ports.payment_gateway import CheckoutStatus
from domain.refund import REFUND_ATTEMPTS_MAX, RefundStatus
from domain.values import OrderCancelReason, RefundReason, derived_id
from sandbox_provider.cards import find_card_by_name
from tests.adapters.sandbox_process import Customer
from tests.processes.shop import NEVER_AGAIN, ShiftedClock, Shop
from tests.support.engine import ScriptedCommand


class TestReconcilePayments:
    async def test_given_a_capture_whose_webhook_was_lost_then_the_order_is_confirmed(self, shop: Shop) -> None:
        order = await shop.ordered("ann", [0, 1])
        payment = await shop.payment_opened("ann", order)
        await shop.paid(payment, "webhook_never")
        await shop.run_rules(until=lambda: shop.confirmed(order))
        assert (await shop.payment(payment)).outcome is PaymentOutcome.CONFIRMED
        await shop.money_agrees()

    async def test_given_a_declined_card_then_the_payment_failed(self, shop: Shop) -> None:
        payment = await shop.payment_opened("ann", await shop.ordered("ann", [0]))
        await shop.paid(payment, "declined")
        await shop.run_rules(until=lambda: shop.ended(payment))
        assert (await shop.payment(payment)).status is PaymentStatus.FAILED
        await shop.money_agrees()

    async def test_given_a_late_capture_and_free_seats_then_the_expired_order_is_confirmed(
        self, shop: Shop, clock: ShiftedClock
    ) -> None:
        shop.ledger_interval = NEVER_AGAIN
        order = await shop.ordered("ann", [0, 1])
        payment = await shop.payment_opened("ann", order, lasts=timedelta(seconds=1))
        await shop.paid(payment, "captured_late", delay_s=3600)
        clock.shift += timedelta(minutes=11)
        await shop.run_rules(until=lambda: shop.ended(payment))
        assert (await shop.payment(payment)).status is PaymentStatus.EXPIRED
        assert (await shop.order(order)).status is OrderStatus.EXPIRED
        await shop.charged_late(payment)
        await shop.run_rules(until=lambda: shop.confirmed(order))
        await shop.money_agrees()

    async def test_given_a_late_capture_and_a_taken_seat_then_the_money_goes_back(
        self, shop: Shop, clock: ShiftedClock
    ) -> None:
        order = await shop.ordered("ann", [0, 1])
        payment = await shop.payment_opened("ann", order, lasts=timedelta(seconds=1))
        await shop.paid(payment, "captured_late")
        clock.shift += timedelta(minutes=11)
        await shop.ordered("bob", [1])
        await shop.run_rules(until=lambda: shop.refunded(derived_id(payment, "refund")))
        assert (await shop.refund(derived_id(payment, "refund"))).reason is RefundReason.LATE_PAYMENT
        assert (await shop.order(order)).status is not OrderStatus.CONFIRMED
        await shop.money_agrees()

    async def test_given_too_little_money_then_it_goes_back(self, shop: Shop) -> None:
        payment = await shop.payment_opened("ann", await shop.ordered("ann", [0]))
        await shop.paid(payment, "captured_too_little")
        await shop.run_rules(until=lambda: shop.refunded(derived_id(payment, "refund")))
        assert (await shop.refund(derived_id(payment, "refund"))).reason is RefundReason.WRONG_AMOUNT
        await shop.money_agrees()

    async def test_given_another_currency_then_a_person_owns_it(self, shop: Shop) -> None:
        payment = await shop.payment_opened("ann", await shop.ordered("ann", [0]))
        await shop.paid(payment, "captured_other_currency")
        await shop.run_rules(until=lambda: shop.settled(payment))
        assert (await shop.payment(payment)).outcome is PaymentOutcome.EXCEPTION
        await shop.money_agrees()

    async def test_given_a_dispute_in_the_books_then_a_person_owns_it(self, shop: Shop) -> None:
        payment = await shop.payment_opened("ann", await shop.ordered("ann", [0]))
        await shop.paid(payment, "disputed")

        async def noticed() -> bool:
            return (await shop.payment(payment)).dispute_open

        await shop.run_rules(until=noticed)
        await shop.run_rules(until=lambda: shop.settled(payment))
        assert (await names(shop)).count("DisputeOpened") == 1
        await shop.money_agrees()

    async def test_given_a_capture_of_a_payment_we_never_opened_then_a_person_owns_it(self, shop: Shop) -> None:
        stranger = "another-shops-order"
        checkout = await shop.gateway.open_checkout(
            reference=stranger,
            amount=100,
            currency="EUR",
            expires_at=shop.world.clock.now() + timedelta(minutes=1),
            return_url="http://127.0.0.1/",
            description="",
        )
        shop.checkouts[stranger] = checkout
        await shop.paid(stranger)

        async def noticed() -> bool:
            return "ExceptionOpened" in await names(shop)

        await shop.run_rules(until=noticed)
        await shop.world.audit()

    async def test_given_a_payment_unknown_to_the_gateway_then_it_expires_after_its_time(
        self, shop: Shop, clock: ShiftedClock
    ) -> None:
        payment = await shop.payment_requested("ann", await shop.ordered("ann", [0]))
        other = await shop.payment_opened("bob", await shop.ordered("bob", [1]))
        await shop.paid(other)
        await shop.run_rules(until=lambda: shop.settled(other))
        assert (await shop.payment(payment)).status is PaymentStatus.OPEN
        clock.shift += timedelta(minutes=11)
        await shop.run_rules(until=lambda: shop.ended(payment))
        assert (await shop.payment(payment)).status is PaymentStatus.EXPIRED
        await shop.money_agrees()


class TestEndCancelledCheckouts:
    async def test_given_an_order_is_cancelled_then_its_checkout_takes_no_card(self, shop: Shop) -> None:
        order = await shop.ordered("ann", [0])
        known = await shop.payment_opened("ann", order)
        unknown = await shop.payment_requested("ann", order)
        checkout = await shop.checkout_opened_unseen(unknown)
        cancel = partial(ordering.cancel_order, order=order, account="ann", reason=OrderCancelReason.BUYER)
        await shop.world.do(ScriptedCommand(cancel))

        async def ended() -> bool:
            found = [await shop.gateway.find_payment(payment) for payment in (known, unknown)]
            return all(each is not None and each.status is CheckoutStatus.EXPIRED for each in found)

        await shop.run_rules(until=ended)
        for page in (shop.checkouts[known], checkout):
            assert (await Customer(page).pay(find_card_by_name("captured").number)).status_code == 409
        assert (await shop.payment(known)).status is PaymentStatus.CANCELLED
        await shop.money_agrees()


class TestSubmitRefunds:
    @pytest.mark.parametrize(
        "card",
        ["webhook_never", "refund_no_answer", "refund_unavailable_twice", "refund_pending"],
    )
    async def test_given_an_approved_refund_then_the_money_goes_back_once(self, shop: Shop, card: str) -> None:
        order = await shop.ordered("ann", [0, 1])
        payment = await shop.payment_opened("ann", order)
        await shop.paid(payment, card)
        await shop.run_rules(until=lambda: shop.confirmed(order))
        refund = await shop.refund_approved("ann", order)
        await shop.run_rules(until=lambda: shop.refunded(refund))
        assert (await shop.refund(refund)).attempts == 1
        await shop.money_agrees()

    async def test_given_a_bank_that_refuses_then_a_person_owns_it_after_the_last_attempt(self, shop: Shop) -> None:
        order = await shop.ordered("ann", [0, 1])
        payment = await shop.payment_opened("ann", order)
        await shop.paid(payment, "refund_fails")
        await shop.run_rules(until=lambda: shop.confirmed(order))
        refund = await shop.refund_approved("ann", order)
        await shop.run_rules(until=lambda: shop.owned(refund))
        state = await shop.refund(refund)
        assert (state.status, state.owner, state.attempts) == (
            RefundStatus.FAILED,
            EXCEPTIONS_OWNER,
            REFUND_ATTEMPTS_MAX,
        )
        await shop.money_agrees()

    async def test_given_an_unconfigured_provider_then_it_becomes_an_owned_exception(self, shop: Shop) -> None:
        order = await shop.ordered("ann", [0])
        payment = await shop.payment_opened("ann", order)
        await shop.paid(payment)
        await shop.run_rules(until=lambda: shop.confirmed(order))
        refund = await shop.refund_approved("ann", order)
        shop.provider = "elsewhere"
        await shop.run_rules(until=lambda: shop.owned(refund))
        await shop.money_agrees()


async def names(shop: Shop) -> list[str]:
    return [recorded.name for recorded in await shop.log()]
