"""Refunds over HTTP: request, decision, transfer by the provider."""

import pytest

from adapters.sandbox_gateway import SandboxGateway
from domain.decisions.refunds.refunding import submit_refund
from domain.refund import transfer_reference
from domain.values import Role
from tests.api.http_scenario import STALLS, HttpScenario, OpenedScenario, done, folding, price, refused
from tests.api.payments import REFUND_PENDING, PaymentFixture


@pytest.fixture
async def office(payment_fixture: PaymentFixture, box_office: OpenedScenario) -> HttpScenario:
    """A performance on sale, at a shop with a payment provider."""
    return box_office.at(payment_fixture.shop)


class TestRequestRefund:
    async def test_given_a_paid_order_then_one_line_can_go_back(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, *office.seats[:2])
        path = f"/orders/{order['order_id']}/refunds"
        answer = await office.post(path, buyer, {"lines": ["1"]})
        refund = done(answer)
        assert (answer.status_code, refund["status"], refund["amount"]) == (201, "requested", price(STALLS))
        assert refused(await office.post(path, buyer, {"lines": ["1"]})) == (409, "nothing_to_refund")
        assert done(await office.post(path, buyer))["lines"] == ["2"]

    @pytest.mark.parametrize("body", [{"lines": []}, {"lines": ["x"]}, {"why": "rain"}], ids=str)
    async def test_given_an_invalid_request_then_422(
        self, payment_fixture: PaymentFixture, office: HttpScenario, body: dict[str, object]
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        assert refused(await office.post(f"/orders/{order}/refunds", buyer, body)) == (422, "malformed")

    async def test_given_a_line_the_order_does_not_have_then_422(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        answer = await office.post(f"/orders/{order['order_id']}/refunds", buyer, {"lines": ["7"]})
        assert refused(answer) == (422, "invalid")

    async def test_given_an_unpaid_order_then_409(self, office: HttpScenario) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        assert refused(await office.post(f"/orders/{order}/refunds", buyer)) == (409, "not_confirmed")

    async def test_given_somebody_elses_order_then_404_but_support_may(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        order = await payment_fixture.confirmed_order(office, await office.somebody(), office.seats[0])
        path = f"/orders/{order['order_id']}/refunds"
        assert refused(await office.post(path, await office.somebody())) == (404, "not_found")
        assert done(await office.post(path, await office.somebody(Role.SUPPORT)))["reason"] == "support"

    async def test_given_a_reason_then_it_is_supports_and_is_kept(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        path = f"/orders/{order['order_id']}/refunds"
        assert refused(await office.post(path, buyer, {"reason": "I am ill."})) == (422, "invalid")
        refund = done(await office.post(path, support, {"reason": " The sound failed. "}))
        assert (refund["reason"], refund["reason_text"]) == ("support", "The sound failed.")

    async def test_given_a_used_ticket_then_the_rest_goes_back_and_naming_it_says_so(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, *office.seats[:2])
        code = done(await office.get(f"/tickets/{order['lines'][0]['ticket_id']}", buyer))["code"]
        scan = {"code": code, "gate": "north", "nonce": "1", "override_window": True}
        assert done(await office.post("/scans", office.gate, scan))["outcome"] == "admitted"
        path = f"/orders/{order['order_id']}/refunds"
        named = await office.post(path, buyer, {"lines": ["1", "2"]})
        assert (refused(named), named.json()["lines"]) == ((409, "ticket_used"), ["1"])
        assert done(await office.post(path, buyer))["lines"] == ["2"]


class TestDecideRefund:
    async def test_given_support_approves_then_the_seat_is_free_at_once(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        refund = done(await office.post(f"/orders/{order['order_id']}/refunds", buyer))["refund_id"]
        assert done(await office.post(f"/refunds/{refund}/approve", support))["status"] == "approved"
        assert refused(await office.post(f"/refunds/{refund}/approve", support)) == (409, "refund_decided")
        (line,) = done(await office.get(f"/orders/{order['order_id']}", buyer))["lines"]
        assert line["cancelled"] is True
        done(await office.order(await office.somebody(), office.seats[0]))

    @pytest.mark.parametrize(("body", "cancelled"), [({"lines": ["2"]}, "some"), (None, "all")])
    async def test_given_an_approval_then_the_order_says_how_much_of_it_has_ended(
        self, payment_fixture: PaymentFixture, office: HttpScenario, body: dict[str, object] | None, cancelled: str
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order = (await payment_fixture.confirmed_order(office, buyer, *office.seats[:2]))["order_id"]
        assert done(await office.get(f"/orders/{order}", buyer))["lines_cancelled"] == "none"
        refund = done(await office.post(f"/orders/{order}/refunds", buyer, body))["refund_id"]
        done(await office.post(f"/refunds/{refund}/approve", support))
        shown = done(await office.get(f"/orders/{order}", buyer))
        assert (shown["status"], shown["lines_cancelled"]) == ("confirmed", cancelled)

    async def test_given_support_rejects_then_the_order_stays(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer, support = await office.somebody(), await office.somebody(Role.SUPPORT)
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        refund = done(await office.post(f"/orders/{order['order_id']}/refunds", buyer))["refund_id"]
        assert done(await office.post(f"/refunds/{refund}/reject", support))["status"] == "rejected"
        shown = done(await office.get(f"/orders/{order['order_id']}", buyer))
        assert (shown["status"], shown["refunds"][0]["status"]) == ("confirmed", "rejected")

    async def test_given_a_buyer_then_they_do_not_decide(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = await payment_fixture.confirmed_order(office, buyer, office.seats[0])
        refund = done(await office.post(f"/orders/{order['order_id']}/refunds", buyer))["refund_id"]
        for sender in (buyer, office.organizer):
            assert refused(await office.post(f"/refunds/{refund}/approve", sender)) == (403, "forbidden")

    @pytest.mark.parametrize("decision", ["approve", "reject"])
    async def test_given_who_asked_or_owns_then_they_do_not_decide(
        self, payment_fixture: PaymentFixture, office: HttpScenario, decision: str
    ) -> None:
        support = await office.somebody(Role.SUPPORT)
        own = await payment_fixture.confirmed_order(office, support, office.seats[0])
        foreign = await payment_fixture.confirmed_order(office, await office.somebody(), office.seats[1])
        for order in (own, foreign):
            refund = done(await office.post(f"/orders/{order['order_id']}/refunds", support))["refund_id"]
            assert refused(await office.post(f"/refunds/{refund}/{decision}", support)) == (403, "own_decision")
            done(await office.post(f"/refunds/{refund}/{decision}", await office.somebody(Role.SUPPORT)))

    async def test_given_the_provider_announces_the_transfer_then_it_is_completed(
        self, payment_fixture: PaymentFixture, office: HttpScenario
    ) -> None:
        buyer = await office.somebody()
        order = done(await office.order(buyer, office.seats[0]))["order_id"]
        payment = await payment_fixture.open_payment(office, buyer, order)
        await payment_fixture.pay(payment["checkout_url"], REFUND_PENDING)
        (captured,) = await payment_fixture.webhooks(payment["payment_id"])
        done(await payment_fixture.announce(captured))
        refund = done(await office.post(f"/orders/{order}/refunds", buyer))["refund_id"]
        done(await office.post(f"/refunds/{refund}/approve", await office.somebody(Role.SUPPORT)))
        await office.shop.command(lambda context: submit_refund(context, refund=refund))
        gateway = payment_fixture.shop.engine.gateways["sandbox"]
        assert isinstance(gateway, SandboxGateway)
        paid = await gateway.find_payment(payment["payment_id"])
        assert paid is not None
        reference = transfer_reference(refund, 1)
        await gateway.submit_refund(reference=reference, checkout_id=paid.checkout_id, amount=STALLS, currency="EUR")
        (completed,) = await payment_fixture.webhooks(reference)
        assert done(await payment_fixture.announce(completed))["known"] is True
        shown = done(await office.get(f"/orders/{order}", buyer))
        assert shown["refunds"][0]["status"] == "completed"


class TestListRefunds:
    async def test_given_support_then_all_and_a_buyer_then_their_own(
        self, payment_fixture: PaymentFixture, office: HttpScenario, shop_database: str
    ) -> None:
        buyers = [await office.somebody() for _ in range(2)]
        refunds = []
        for buyer, seat in zip(buyers, office.seats, strict=False):
            order = await payment_fixture.confirmed_order(office, buyer, seat)
            refunds.append(done(await office.post(f"/orders/{order['order_id']}/refunds", buyer)))
        support = await office.somebody(Role.SUPPORT)
        async with folding(office.shop, shop_database):
            head = await office.head()
            everything = done(await office.get("/refunds", support, status="requested", min_position=head))
            own = done(await office.get("/refunds", buyers[1], min_position=head))
            nothing = done(await office.get("/refunds", support, status="completed"))
        ids = [refund["refund_id"] for refund in refunds]
        assert [item["refund_id"] for item in everything["items"]] == ids
        assert [item["refund_id"] for item in own["items"]] == ids[1:]
        assert nothing["items"] == []
