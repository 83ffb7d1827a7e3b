"""A cancelled performance over HTTP: where it is shown, and the progress of its refunds."""

from functools import partial

import pytest

from domain.decisions.cancelling import due_refunds, end_basket, request_due_refund
from domain.decisions.refunds.refunding import approve_refund, complete_refund, submit_refund
from domain.values import Role
from tests.api.http_scenario import STALLS, HttpScenario, Json, OpenedScenario, done, folding, price, refused
from tests.api.payments import PaymentFixture


@pytest.fixture
async def office(payment_fixture: PaymentFixture, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale, at a shop with a payment provider."""
    return box_office.at(payment_fixture.shop)


async def cancelled(office: HttpScenario, **body: object) -> Json:
    path = f"/performances/{office.performance_id}/cancel"
    answer: Json = done(await office.post(path, office.organizer, body))
    return answer


async def progress(office: HttpScenario) -> Json:
    path = f"/performances/{office.performance_id}/cancellation"
    shown: Json = done(await office.get(path, office.organizer, min_position=await office.head()))
    return shown


async def approved(office: HttpScenario, order: str) -> str:
    """Run the process's steps for one order up to the transfer; return the refund."""
    await office.shop.command(partial(request_due_refund, order=order))
    (refund,) = (await office.shop.engine.handler.query(partial(due_refunds, order=order))).undecided
    await office.shop.command(partial(approve_refund, refund=refund, by="refund_cancelled_performances"))
    return refund


class TestCancelPerformance:
    @pytest.mark.parametrize("reason", ["buyer", "support", "payment_refunded", "performance_cancelled"])
    async def test_given_the_reason_of_an_order_then_422(self, office: HttpScenario, reason: str) -> None:
        path = f"/performances/{office.performance_id}/cancel"
        assert refused(await office.post(path, office.organizer, {"reason": reason})) == (422, "malformed")

    async def test_given_claims_then_the_answer_counts_what_ends_and_a_second_time_changes_nothing(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        await payment_fixture.confirmed_order(office, buyer, *office.seats[:2])
        done(await office.order(await office.somebody(), office.seats[2]))
        done(await office.hold(await office.somebody(), *office.seats[3:5]))
        first = await cancelled(office, reason="illness")
        assert (first["cancel_reason"], first["to_end"]) == ("illness", {"orders": 1, "tickets": 2, "baskets": 2})
        again = await cancelled(office, reason="weather")
        assert (again["cancel_reason"], again["position"]) == ("illness", first["position"])

    async def test_then_every_list_and_view_says_so(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        ticket = order["lines"][0]["ticket_id"]
        await cancelled(office, reason="weather")
        async with folding(office.shop, shop_database):
            head = await office.head()
            paths = ("/orders", f"/orders/{order['order_id']}", "/tickets", f"/tickets/{ticket}")
            for path in paths:
                body = done(await office.get(path, buyer, min_position=head))
                (shown,) = body.get("items", [body])
                assert (shown["performance_cancelled"], shown["cancel_reason"]) == (True, "weather")
                assert shown.get("state", "cancelled") == "cancelled"
            event = done(await office.get(f"/events/{office.event_id}", min_position=head))
            report = done(await office.get(f"/reports/performances/{office.performance_id}", office.organizer))
        assert (report["cancelled"], report["cancel_reason"]) == (True, "weather")
        (performance,) = event["performances"]
        assert (performance["cancelled"], performance["cancel_reason"]) == (True, "weather")
        assert done(await office.get(f"/tickets/{ticket}", buyer))["code"] is None
        qr = await office.get(f"/tickets/{ticket}/qr.svg", buyer)
        assert refused(qr) == (409, "performance_cancelled")


class TestShowCancellation:
    async def test_given_it_takes_place_then_404_and_a_stranger_403(self, office: HttpScenario) -> None:
        path = f"/performances/{office.performance_id}/cancellation"
        assert refused(await office.get(path, office.organizer)) == (404, "not_found")
        assert refused(await office.get(path, await office.somebody())) == (403, "forbidden")

    async def test_given_refunds_then_it_counts_them(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        orders = [
            (await payment_fixture.confirmed_order(office, await office.somebody(), seat))["order_id"]
            for seat in office.seats[:3]
        ]
        unpaid = done(await office.order(await office.somebody(), office.seats[3]))
        await cancelled(office)
        await office.shop.command(partial(end_basket, hold=unpaid["hold_id"]))
        done_with = await approved(office, orders[0])
        await office.shop.command(partial(submit_refund, refund=done_with))
        await office.shop.command(partial(complete_refund, reference=done_with, provider_refund="re_1"))
        await office.shop.command(partial(request_due_refund, order=orders[1]))
        (waiting,) = (await office.shop.engine.handler.query(partial(due_refunds, order=orders[1]))).undecided
        support = await office.somebody(Role.SUPPORT)
        done(await office.post(f"/refunds/{waiting}/reject", support, {"reason": "Paid back in cash."}))
        async with folding(office.shop, shop_database):
            shown = await progress(office)
        assert (shown["orders"], shown["refunded"], shown["failed"], shown["remaining"]) == (3, 1, 1, 1)
        assert (shown["refunded_amount"], shown["cancel_reason"]) == (price(STALLS), "other")
        (failed,) = shown["unrefunded"]
        assert (failed["order_id"], failed["refund_id"], failed["failure"]) == (orders[1], waiting, "rejected")
