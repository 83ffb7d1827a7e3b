"""What happens when a ticket is scanned twice?"""

from typing import Any

import pytest

from domain.decisions.entry import revert_entry
from domain.errors import Forbidden, NonceReused
from domain.scan import scan_id
from domain.ticket import TICKET, EntryMode, RefusalReason, TicketVoided
from tests.support.gate import MISTAKE, Gate, refusal
from tests.support.shop import HAMLET


class TestSecondScan:
    """Another scan of a ticket that has admitted."""

    def test_given_a_used_ticket_then_refused(self, gate: Gate) -> None:
        assert refusal(gate.entered(), gate.scan(nonce="2")) is RefusalReason.ALREADY_USED


class TestSameScanAgain:
    """The same scan, sent again under its nonce."""

    def test_given_the_same_scan_again_then_nothing(self, gate: Gate) -> None:
        gate.entered().when(gate.scan()).then_nothing()

    def test_given_a_refused_scan_again_then_nothing(self, gate: Gate) -> None:
        twice = gate.entered().given_done(gate.scan(nonce="2"))
        twice.when(gate.scan(nonce="2")).then_nothing()

    @pytest.mark.parametrize(
        "different",
        [
            {"code_sha256": "other"},
            {"gate": "south"},
            {"performance": HAMLET},
            {"override_window": True},
            {"mode": EntryMode.MANUAL},
            {"ticket": None, "fault": RefusalReason.UNREADABLE, "code_sha256": "garbage"},
        ],
        ids=lambda different: next(iter(different)),
    )
    def test_given_another_scan_under_it_then_refused(self, gate: Gate, different: dict[str, Any]) -> None:
        gate.entered().when(gate.scan(**different)).then_refused(NonceReused)

    def test_given_another_device_then_it_is_another_nonce(self, gate: Gate) -> None:
        assert refusal(gate.entered(), gate.scan(device="tablet")) is RefusalReason.ALREADY_USED

    def test_given_the_entry_was_reverted_then_the_same_scan_does_not_admit_again(self, gate: Gate) -> None:
        reverted = gate.entered().given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        reverted.when(gate.scan()).then_refused(NonceReused)
        assert refusal(reverted, gate.scan(nonce="2")) is None

    def test_given_another_entry_since_the_reverted_one_then_the_same_scan_is_refused(self, gate: Gate) -> None:
        reverted = gate.entered().given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        reverted.given_done(gate.scan(nonce="2")).when(gate.scan()).then_refused(NonceReused)

    def test_given_the_ticket_is_void_since_then_the_same_scan_does_not_admit(self, gate: Gate) -> None:
        void = gate.entered().given(TICKET.stream(gate.ticket), TicketVoided(refund="r"))
        void.when(gate.scan()).then_refused(NonceReused)

    def test_given_the_sender_is_no_entry_manager_any_more_then_the_same_scan_is_refused(self, gate: Gate) -> None:
        gate.entered().when(gate.scan(organizers=frozenset({"other"}))).then_refused(Forbidden)
