"""Which devices may scan, for what, and until when?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.decisions.performance_deletion import close_performance_for_deletion, finish_performance_deletion
from domain.device import DEVICES_PER_ORGANIZER_MAX, DeviceRegistered, DeviceRevoked, register_device, revoke_device
from domain.errors import AlreadyExists, DeviceIsRevoked, Invalid, LimitReached, NotFound
from domain.organizer import ORGANIZER, OrganizerFounded
from domain.performance import PERFORMANCE, PerformanceScheduled
from domain.ticket import RefusalReason
from domain.values import EntryRules
from tests.support.gate import INSTANT, Gate, refusal
from tests.support.scenario import NOW
from tests.support.shop import GLOBE, HAMLET, STARTS_AT

DEMANDING = EntryRules(registered_devices=True)


class TestScanTicket:
    def test_given_the_rule_then_only_a_registered_device_admits(self) -> None:
        gate = Gate(entry_rules=DEMANDING)
        assert refusal(gate.open, gate.scan()) is RefusalReason.DEVICE_REQUIRED
        assert refusal(gate.register(gate.open), gate.scan(device="d1", registered=True)) is None

    def test_given_it_is_revoked_then_no_scan_is_accepted_nor_answered_again(self, gate: Gate) -> None:
        scan = gate.scan(device="d1", registered=True)
        revoked = gate.register(gate.open).given_done(scan).given_done(revoke_device, "d1")
        revoked.when(replace(scan, nonce="2")).then_refused(DeviceIsRevoked)
        revoked.when(scan).then_refused(DeviceIsRevoked)

    def test_given_other_performances_then_refused(self, gate: Gate) -> None:
        scheduled = next(
            event for event in gate.open.history[PERFORMANCE.stream(HAMLET)] if isinstance(event, PerformanceScheduled)
        )
        other = gate.open.given(PERFORMANCE.stream("lear"), scheduled)
        bound = gate.register(other, performances=("lear",))
        assert refusal(bound, gate.scan(device="d1", registered=True)) is RefusalReason.DEVICE_NOT_ALLOWED

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
        self, gate: Gate, after: timedelta, reason: RefusalReason | None
    ) -> None:
        start = gate.open.now + timedelta(minutes=1)
        hours = {"performances": (), "works_from": start, "works_until": start + timedelta(minutes=10)}
        bound = gate.register(gate.open, **hours)
        assert refusal(bound.at(start + after), gate.scan(device="d1", registered=True)) is reason

    def test_given_another_organizers_device_then_refused(self, gate: Gate) -> None:
        other = gate.open.given(ORGANIZER.stream("rose"), OrganizerFounded(name="The Rose"))
        hours = {"works_from": other.now, "works_until": other.now + timedelta(hours=1)}
        bound = gate.register(other, organizer="rose", performances=(), **hours)
        scan = gate.scan(device="d1", registered=True)
        assert refusal(bound, scan) is RefusalReason.OTHER_ORGANIZER


class TestRegisterDevice:
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
    def test_given_a_senseless_binding_then_refused(self, gate: Gate, different: dict[str, Any]) -> None:
        known = {"organizer": GLOBE, "label": "North", "secret_sha256": "ab", "performances": (HAMLET,)}
        registered = DeviceRegistered(**{**known, **different})
        gate.open.when(register_device, "d1", registered).then_refused(Invalid)

    def test_given_a_performance_that_was_deleted_then_refused(self, gate: Gate) -> None:
        closed = gate.open.given_done(close_performance_for_deletion, HAMLET)
        gone = closed.given_done(finish_performance_deletion, HAMLET, closing=1, in_use=False)
        registered = DeviceRegistered(organizer=GLOBE, label="Gate", secret_sha256="0" * 64, performances=(HAMLET,))
        gone.when(register_device, "d1", registered).then_refused(Invalid)

    REGISTERED = DeviceRegistered(organizer=GLOBE, label="North", secret_sha256="ab", performances=(HAMLET,))

    def test_given_a_performance_of_its_organizer_then_it_is_registered(self, gate: Gate) -> None:
        gate.open.when(register_device, "d1", self.REGISTERED).then(self.REGISTERED)

    def test_given_an_id_that_is_taken_then_it_is_refused(self, gate: Gate) -> None:
        gate.register(gate.open).when(register_device, "d1", self.REGISTERED).then_refused(AlreadyExists)

    def test_given_as_many_devices_as_an_organizer_may_have_then_another_is_refused(self, gate: Gate) -> None:
        result = gate.open.when(register_device, "d1", self.REGISTERED, others=DEVICES_PER_ORGANIZER_MAX)
        result.then_refused(LimitReached)

    def test_given_no_such_organizer_then_it_is_not_found(self, gate: Gate) -> None:
        gate.open.when(register_device, "d1", replace(self.REGISTERED, organizer="none")).then_refused(NotFound)


class TestRevokeDevice:
    def test_given_it_is_revoked_twice_then_nothing(self, gate: Gate) -> None:
        gate.register(gate.open).given_done(revoke_device, "d1").when(revoke_device, "d1").then_nothing()
        gate.open.when(revoke_device, "d1").then_refused(NotFound)

    def test_given_a_registered_device_then_it_is_revoked(self, gate: Gate) -> None:
        gate.register(gate.open).when(revoke_device, "d1").then(DeviceRevoked())
