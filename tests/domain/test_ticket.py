"""When does a ticket admit again, and when never?"""

from domain.decisions.entry import revert_entry
from domain.decisions.refunds.refunding import RequestRefund
from domain.errors import Conflict, NotFound
from domain.scan import SCAN, scan_id
from domain.ticket import TICKET, EntryReverted, RefusalReason, TicketVoided
from tests.support.gate import MISTAKE, Gate, refusal


class TestRevertEntry:
    def test_given_an_entry_then_the_ticket_admits_again(self, gate: Gate) -> None:
        entered, scan = gate.entered(), scan_id("phone", "1")
        entered.when(revert_entry, scan, MISTAKE).then(EntryReverted(device="phone", nonce="1", reason=MISTAKE))
        assert refusal(entered.given_done(revert_entry, scan, MISTAKE), gate.scan(nonce="2")) is None

    def test_given_it_was_reverted_then_nothing_though_another_entry_stands(self, gate: Gate) -> None:
        scan = scan_id("phone", "1")
        reverted = gate.entered().given_done(revert_entry, scan, MISTAKE)
        reverted.when(revert_entry, scan, MISTAKE).then_nothing()
        reverted.given_done(gate.scan(nonce="2")).when(revert_entry, scan, MISTAKE).then_nothing()

    def test_given_a_refused_scan_then_there_is_nothing_to_revert(self, gate: Gate) -> None:
        refused = gate.entered().given_done(gate.scan(nonce="2"))
        refused.when(revert_entry, scan_id("phone", "2"), MISTAKE).then_refused(Conflict)
        refused.when(revert_entry, scan_id("phone", "3"), MISTAKE).then_refused(NotFound)

    def test_given_a_void_ticket_then_refused(self, gate: Gate) -> None:
        void = gate.entered().given(TICKET.stream(gate.ticket), TicketVoided(refund="r"))
        void.when(revert_entry, scan_id("phone", "1"), MISTAKE).then_refused(Conflict)

    def test_given_a_reverted_entry_then_the_money_may_go_back(self) -> None:
        gate = Gate()
        reverted = gate.open.given_done(gate.scan()).given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        ask = RequestRefund(refund="r1", order=gate.order, account="ann")
        assert reverted.when(ask).events()

    def test_given_no_scan_then_the_stream_is_named_by_device_and_nonce(self) -> None:
        assert SCAN.stream(scan_id("phone", "1")) == SCAN.stream("phone", "1")


class TestTicketState:
    def test_given_an_entry_then_the_ticket_is_used_until_it_is_reverted(self, gate: Gate) -> None:
        ticket = gate.entered().on(TICKET.stream(gate.ticket))
        assert (ticket.state().entry.gate, ticket.state().entry.device) == ("north", "phone")
        reverted = ticket.given(EntryReverted(device="phone", nonce="1", reason=MISTAKE))
        assert reverted.state().entry is None

    def test_given_a_void_ticket_then_it_never_admits_again(self, gate: Gate) -> None:
        void = gate.open.given(TICKET.stream(gate.ticket), TicketVoided(refund="r1"))
        assert refusal(void, gate.scan()) is RefusalReason.VOID
        assert refusal(void, gate.scan(nonce="2", override_window=True)) is RefusalReason.VOID
