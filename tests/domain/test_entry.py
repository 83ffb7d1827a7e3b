"""At the gate: who enters when, under which nonce, and how an entry is taken back."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.decision import Changes, DecisionContext
from domain.decisions.entry import (
    ENTRY_CLOSES_AFTER_START,
    ENTRY_OPENS_BEFORE_DOORS,
    ENTRY_OPENS_BEFORE_START,
    ScanTicket,
    preview_scan,
    revert_entry,
    scan_ticket,
)
from domain.decisions.performance_deletion import close_performance_for_deletion, finish_performance_deletion
from domain.decisions.refunding import RequestRefund
from domain.decisions.scheduling import ChangePerformance, cancel
from domain.device import DeviceRegistered, register_device, revoke_device
from domain.errors import Conflict, DeviceIsRevoked, Forbidden, Invalid, NonceReused, NotFound
from domain.order import ORDER
from domain.organizer import ORGANIZER, OrganizerFounded
from domain.performance import PERFORMANCE, PerformanceScheduled
from domain.scan import SCAN, ScanAdmitted, ScanRefused, scan_id
from domain.ticket import (
    TICKET,
    EntryMode,
    EntryRecorded,
    EntryReverted,
    RefusalReason,
    RevertReason,
    TicketVoided,
)
from domain.values import EntryRules, PerformanceCancelReason
from tests.support.scenario import NOW, Scenario
from tests.support.shop import GLOBE, HAMLET, SEATS, STARTS_AT, on_sale, with_paid_order

INSTANT = timedelta(microseconds=1)
MISTAKE = RevertReason.SCANNED_BY_MISTAKE
DEMANDING = EntryRules(registered_devices=True)


class Door:
    """One sold seat, and the scan of its ticket an hour before the start."""

    def __init__(self, **different: Any) -> None:
        sold, self.order = with_paid_order(on_sale(**different), "hold", "ann", SEATS[0])
        self.ticket = sold.state(lambda context: context.read(ORDER, self.order)).tickets["1"]  # type: ignore[union-attr]
        self.open = sold.given(ORGANIZER.stream(GLOBE), OrganizerFounded(name="The Globe")).at(
            STARTS_AT - timedelta(hours=1)
        )

    def scan(self, **different: Any) -> ScanTicket:
        known = {"ticket": self.ticket, "code_sha256": "code", "gate": "north", "device": "phone", "nonce": "1"}
        return ScanTicket(**{**known, "organizers": frozenset({GLOBE}), **different})

    def entered(self, **different: Any) -> Scenario:
        return self.open.given_done(self.scan(**different))

    def register(self, scenario: Scenario, **different: Any) -> Scenario:
        known = {"organizer": GLOBE, "label": "North", "secret_sha256": "ab", "performances": (HAMLET,)}
        return scenario.given_done(register_device, "d1", DeviceRegistered(**{**known, **different}))


@pytest.fixture
def door() -> Door:
    return Door()


def previewed_events(context: DecisionContext, scan: ScanTicket) -> Changes:
    """Preview a scan as a decision, which records nothing."""
    preview_scan(context, scan)
    return {}


def refusal(scenario: Scenario, scan: ScanTicket) -> RefusalReason | None:
    """Return why a scan is refused; None: it admits."""
    (*_, last) = scenario.when(scan).events()
    return last.reason if isinstance(last, ScanRefused) else None


class TestScanTicket:
    def test_given_a_valid_ticket_then_entry_and_scan_are_recorded(self, door: Door) -> None:
        scan = door.scan()
        door.open.when(scan).then(
            EntryRecorded(gate="north", device="phone", nonce="1"),
            ScanAdmitted(reading=scan.reading, ticket=door.ticket),
        )

    def test_given_a_used_ticket_then_refused(self, door: Door) -> None:
        assert refusal(door.entered(), door.scan(nonce="2")) is RefusalReason.ALREADY_USED

    def test_given_another_gates_performance_then_refused(self, door: Door) -> None:
        assert refusal(door.open, door.scan(performance="lear")) is RefusalReason.OTHER_PERFORMANCE

    def test_given_a_number_typed_by_hand_then_it_is_recorded_as_manual(self, door: Door) -> None:
        (entry, _) = door.open.when(door.scan(mode=EntryMode.MANUAL)).events()
        assert entry.mode is EntryMode.MANUAL

    def test_given_a_preview_then_it_says_the_same_and_refuses_the_same(self, door: Door) -> None:
        assert door.open.state(preview_scan, door.scan()).reason is None
        assert door.entered().state(preview_scan, door.scan(nonce="2")).reason is RefusalReason.ALREADY_USED

    def test_given_a_nonce_that_the_scan_would_be_refused_for_then_its_preview_is_refused_for_it(
        self, door: Door
    ) -> None:
        scans: list[ScanTicket] = [door.scan(), door.scan(gate="south"), door.scan(nonce="2")]
        entered = door.entered()
        reverted = entered.given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        for given in (door.open, entered, reverted):
            for scan in scans:
                refused, previewed = (given.when(decide, scan).refusal for decide in (scan_ticket, previewed_events))
                assert type(previewed) is type(refused)
        entered.when(previewed_events, scans[1]).then_refused(NonceReused)
        reverted.when(previewed_events, scans[0]).then_refused(NonceReused)

    def test_given_a_cancelled_performance_then_refused_even_with_an_override(self, door: Door) -> None:
        cancelled = door.open.given_done(cancel, performance=HAMLET, reason=PerformanceCancelReason.ILLNESS)
        assert refusal(cancelled, door.scan(override_window=True)) is RefusalReason.PERFORMANCE_CANCELLED

    def test_given_a_void_ticket_then_refused_even_with_an_override(self, door: Door) -> None:
        void = door.open.given(TICKET.stream(door.ticket), TicketVoided(refund="r"))
        assert refusal(void, door.scan(override_window=True)) is RefusalReason.VOID


class TestNonce:
    def test_given_the_same_scan_again_then_nothing(self, door: Door) -> None:
        door.entered().when(door.scan()).then_nothing()

    def test_given_a_refused_scan_again_then_nothing(self, door: Door) -> None:
        twice = door.entered().given_done(door.scan(nonce="2"))
        twice.when(door.scan(nonce="2")).then_nothing()

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
    def test_given_another_scan_under_it_then_refused(self, door: Door, different: dict[str, Any]) -> None:
        door.entered().when(door.scan(**different)).then_refused(NonceReused)

    def test_given_another_device_then_it_is_another_nonce(self, door: Door) -> None:
        assert refusal(door.entered(), door.scan(device="tablet")) is RefusalReason.ALREADY_USED

    def test_given_the_entry_was_reverted_then_the_same_scan_does_not_admit_again(self, door: Door) -> None:
        reverted = door.entered().given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        reverted.when(door.scan()).then_refused(NonceReused)
        assert refusal(reverted, door.scan(nonce="2")) is None

    def test_given_another_entry_since_the_reverted_one_then_the_same_scan_is_refused(self, door: Door) -> None:
        reverted = door.entered().given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        reverted.given_done(door.scan(nonce="2")).when(door.scan()).then_refused(NonceReused)

    def test_given_the_ticket_is_void_since_then_the_same_scan_does_not_admit(self, door: Door) -> None:
        void = door.entered().given(TICKET.stream(door.ticket), TicketVoided(refund="r"))
        void.when(door.scan()).then_refused(NonceReused)

    def test_given_the_sender_is_no_entry_manager_any_more_then_the_same_scan_is_refused(self, door: Door) -> None:
        door.entered().when(door.scan(organizers=frozenset({"other"}))).then_refused(Forbidden)


class TestWindow:
    @pytest.mark.parametrize(
        ("at", "reason"),
        [
            (STARTS_AT - ENTRY_OPENS_BEFORE_START - INSTANT, RefusalReason.TOO_EARLY),
            (STARTS_AT - ENTRY_OPENS_BEFORE_START, None),
            (STARTS_AT + ENTRY_CLOSES_AFTER_START - INSTANT, None),
            (STARTS_AT + ENTRY_CLOSES_AFTER_START, RefusalReason.TOO_LATE),
        ],
    )
    def test_given_its_bounds_then_the_first_instant_is_in_and_the_last_is_out(
        self, door: Door, at: datetime, reason: RefusalReason | None
    ) -> None:
        assert refusal(door.open.at(at), door.scan()) is reason

    def test_given_doors_then_the_window_opens_before_them(self) -> None:
        doors = STARTS_AT - timedelta(hours=5)
        door, opens = Door(doors_at=doors), doors - ENTRY_OPENS_BEFORE_DOORS
        assert refusal(door.open.at(opens - INSTANT), door.scan()) is RefusalReason.TOO_EARLY
        assert refusal(door.open.at(opens), door.scan()) is None

    def test_given_an_override_then_it_admits_and_says_what_it_overrode(self, door: Door) -> None:
        (entry, _) = door.open.at(NOW).when(door.scan(override_window=True)).events()
        assert entry.overrode is RefusalReason.TOO_EARLY

    def test_given_an_override_that_was_not_needed_then_nothing_is_said_of_it(self, door: Door) -> None:
        (entry, _) = door.open.when(door.scan(override_window=True)).events()
        assert entry.overrode is None

    def test_given_the_performance_moved_then_the_window_moved(self, door: Door) -> None:
        later = ChangePerformance(performance=HAMLET, starts_at=STARTS_AT + timedelta(days=1))
        assert refusal(door.open.given_done(later), door.scan()) is RefusalReason.TOO_EARLY


class TestDevices:
    def test_given_the_rule_then_only_a_registered_device_admits(self) -> None:
        door = Door(entry_rules=DEMANDING)
        assert refusal(door.open, door.scan()) is RefusalReason.DEVICE_REQUIRED
        assert refusal(door.register(door.open), door.scan(device="d1", registered=True)) is None

    def test_given_it_is_revoked_then_no_scan_is_accepted_nor_answered_again(self, door: Door) -> None:
        scan = door.scan(device="d1", registered=True)
        revoked = door.register(door.open).given_done(scan).given_done(revoke_device, "d1")
        revoked.when(replace(scan, nonce="2")).then_refused(DeviceIsRevoked)
        revoked.when(scan).then_refused(DeviceIsRevoked)

    def test_given_other_performances_then_refused(self, door: Door) -> None:
        scheduled = next(
            event for event in door.open.history[PERFORMANCE.stream(HAMLET)] if isinstance(event, PerformanceScheduled)
        )
        other = door.open.given(PERFORMANCE.stream("lear"), scheduled)
        bound = door.register(other, performances=("lear",))
        assert refusal(bound, door.scan(device="d1", registered=True)) is RefusalReason.DEVICE_NOT_ALLOWED

    @pytest.mark.parametrize(
        ("after", "reason"),
        [
            (-INSTANT, RefusalReason.DEVICE_NOT_ALLOWED),
            (timedelta(0), None),
            (timedelta(minutes=10) - INSTANT, None),
            (timedelta(minutes=10), RefusalReason.DEVICE_NOT_ALLOWED),
        ],
    )
    def test_given_hours_then_it_works_within_them(
        self, door: Door, after: timedelta, reason: RefusalReason | None
    ) -> None:
        start = door.open.now + timedelta(minutes=1)
        hours = {"performances": (), "works_from": start, "works_until": start + timedelta(minutes=10)}
        bound = door.register(door.open, **hours)
        assert refusal(bound.at(start + after), door.scan(device="d1", registered=True)) is reason

    def test_given_another_organizers_device_then_refused(self, door: Door) -> None:
        other = door.open.given(ORGANIZER.stream("rose"), OrganizerFounded(name="The Rose"))
        hours = {"works_from": other.now, "works_until": other.now + timedelta(hours=1)}
        bound = door.register(other, organizer="rose", performances=(), **hours)
        scan = door.scan(device="d1", registered=True)
        assert refusal(bound, scan) is RefusalReason.OTHER_ORGANIZER

    @pytest.mark.parametrize(
        "different",
        [
            {"performances": ()},
            {"performances": (), "works_from": STARTS_AT},
            {"performances": ("unknown",)},
            {"performances": (HAMLET, HAMLET)},
            {"works_from": STARTS_AT, "works_until": STARTS_AT},
            {"works_from": STARTS_AT, "works_until": STARTS_AT + timedelta(days=400)},
            {"works_until": NOW},
        ],
    )
    def test_given_a_senseless_binding_then_refused(self, door: Door, different: dict[str, Any]) -> None:
        known = {"organizer": GLOBE, "label": "North", "secret_sha256": "ab", "performances": (HAMLET,)}
        registered = DeviceRegistered(**{**known, **different})
        door.open.when(register_device, "d1", registered).then_refused(Invalid)

    def test_given_a_performance_that_was_deleted_then_refused(self, door: Door) -> None:
        closed = door.open.given_done(close_performance_for_deletion, HAMLET)
        gone = closed.given_done(finish_performance_deletion, HAMLET, closing=1, in_use=False)
        registered = DeviceRegistered(organizer=GLOBE, label="Door", secret_sha256="0" * 64, performances=(HAMLET,))
        gone.when(register_device, "d1", registered).then_refused(Invalid)

    def test_given_it_is_revoked_twice_then_nothing(self, door: Door) -> None:
        door.register(door.open).given_done(revoke_device, "d1").when(revoke_device, "d1").then_nothing()
        door.open.when(revoke_device, "d1").then_refused(NotFound)


class TestRevertEntry:
    def test_given_an_entry_then_the_ticket_admits_again(self, door: Door) -> None:
        entered, scan = door.entered(), scan_id("phone", "1")
        entered.when(revert_entry, scan, MISTAKE).then(EntryReverted(device="phone", nonce="1", reason=MISTAKE))
        assert refusal(entered.given_done(revert_entry, scan, MISTAKE), door.scan(nonce="2")) is None

    def test_given_it_was_reverted_then_nothing_though_another_entry_stands(self, door: Door) -> None:
        scan = scan_id("phone", "1")
        reverted = door.entered().given_done(revert_entry, scan, MISTAKE)
        reverted.when(revert_entry, scan, MISTAKE).then_nothing()
        reverted.given_done(door.scan(nonce="2")).when(revert_entry, scan, MISTAKE).then_nothing()

    def test_given_a_refused_scan_then_there_is_nothing_to_revert(self, door: Door) -> None:
        refused = door.entered().given_done(door.scan(nonce="2"))
        refused.when(revert_entry, scan_id("phone", "2"), MISTAKE).then_refused(Conflict)
        refused.when(revert_entry, scan_id("phone", "3"), MISTAKE).then_refused(NotFound)

    def test_given_a_void_ticket_then_refused(self, door: Door) -> None:
        void = door.entered().given(TICKET.stream(door.ticket), TicketVoided(refund="r"))
        void.when(revert_entry, scan_id("phone", "1"), MISTAKE).then_refused(Conflict)

    def test_given_a_reverted_entry_then_the_money_may_go_back(self) -> None:
        door = Door()
        reverted = door.open.given_done(door.scan()).given_done(revert_entry, scan_id("phone", "1"), MISTAKE)
        ask = RequestRefund(refund="r1", order=door.order, account="ann")
        assert reverted.when(ask).events()

    def test_given_no_scan_then_the_stream_is_named_by_device_and_nonce(self) -> None:
        assert SCAN.stream(scan_id("phone", "1")) == SCAN.stream("phone", "1")
