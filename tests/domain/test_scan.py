"""What does a scan record, and why is it refused?"""

from typing import Any

import pytest

from domain.decision import Changes, DecisionContext
from domain.decisions.entry import ScanTicket, preview_scan, revert_entry, scan_ticket
from domain.decisions.scheduling import cancel
from domain.errors import NonceReused
from domain.scan import ScanAdmitted, ScanRefused, scan_id
from domain.ticket import TICKET, EntryMode, EntryRecorded, RefusalReason, TicketVoided
from domain.values import PerformanceCancelReason
from tests.support.gate import MISTAKE, Gate, refusal
from tests.support.shop import HAMLET


def previewed_events(context: DecisionContext, scan: ScanTicket) -> Changes:
    """Preview a scan as a decision, which records nothing."""
    preview_scan(context, scan)
    return {}


class TestScanTicket:
    def test_given_a_valid_ticket_then_entry_and_scan_are_recorded(self, gate: Gate) -> None:
        scan = gate.scan()
        gate.open.when(scan).then(
            EntryRecorded(gate="north", device="phone", nonce="1"),
            ScanAdmitted(reading=scan.reading, ticket=gate.ticket),
        )

    def test_given_another_gates_performance_then_refused(self, gate: Gate) -> None:
        assert refusal(gate.open, gate.scan(performance="lear")) is RefusalReason.OTHER_PERFORMANCE

    def test_given_a_number_typed_by_hand_then_it_is_recorded_as_manual(self, gate: Gate) -> None:
        (entry, _) = gate.open.when(gate.scan(mode=EntryMode.MANUAL)).events()
        assert entry.mode is EntryMode.MANUAL

    def test_given_a_preview_then_it_says_the_same_and_refuses_the_same(self, gate: Gate) -> None:
        assert gate.open.state(preview_scan, gate.scan()).reason is None
        assert gate.entered().state(preview_scan, gate.scan(nonce="2")).reason is RefusalReason.ALREADY_USED

    def test_given_a_nonce_that_the_scan_would_be_refused_for_then_its_preview_is_refused_for_it(
        self, gate: Gate
    ) -> None:
        scans: list[ScanTicket] = [gate.scan(), gate.scan(gate="south"), gate.scan(nonce="2")]
        entered = gate.entered()
        reverted = entered.given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        for given in (gate.open, entered, reverted):
            for scan in scans:
                refused, previewed = (given.when(decide, scan).refusal for decide in (scan_ticket, previewed_events))
                assert type(previewed) is type(refused)
        entered.when(previewed_events, scans[1]).then_refused(NonceReused)
        reverted.when(previewed_events, scans[0]).then_refused(NonceReused)

    def test_given_a_cancelled_performance_then_refused_even_with_an_override(self, gate: Gate) -> None:
        cancelled = gate.open.given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS)
        assert refusal(cancelled, gate.scan(override_window=True)) is RefusalReason.PERFORMANCE_CANCELLED

    def test_given_a_void_ticket_then_refused_even_with_an_override(self, gate: Gate) -> None:
        void = gate.open.given(TICKET.stream(gate.ticket), TicketVoided(refund="r"))
        assert refusal(void, gate.scan(override_window=True)) is RefusalReason.VOID

    @pytest.mark.parametrize(
        ("different", "reason"),
        [
            ({"ticket": "none"}, RefusalReason.UNKNOWN_TICKET),
            ({"ticket": None, "fault": RefusalReason.UNREADABLE}, RefusalReason.UNREADABLE),
            ({"fault": RefusalReason.FORGED}, RefusalReason.FORGED),
            ({"organizers": frozenset({"rose"})}, RefusalReason.OTHER_ORGANIZER),
        ],
        ids=["unknown", "unreadable", "forged", "another organizer's"],
    )
    def test_given_a_ticket_that_does_not_count_here_then_the_refusal_is_recorded_with_its_reason(
        self, gate: Gate, different: dict[str, Any], reason: RefusalReason
    ) -> None:
        scan = gate.scan(**different)
        refused = ScanRefused(reading=scan.reading, ticket=scan.ticket, reason=reason)
        gate.open.when(scan).then(refused)
