"""A sold seat and the scans of its ticket, for scenarios about entry."""

from datetime import timedelta
from typing import Any

from domain.decisions.entry import ScanTicket
from domain.device import DeviceRegistered, register_device
from domain.order import ORDER
from domain.organizer import ORGANIZER, OrganizerFounded
from domain.scan import ScanRefused
from domain.ticket import RefusalReason, RevertReason
from tests.support.scenario import Scenario
from tests.support.shop import GLOBE, HAMLET, SEATS, STARTS_AT, on_sale, with_paid_order

INSTANT = timedelta(microseconds=1)
MISTAKE = RevertReason.SCANNED_BY_MISTAKE


class Gate:
    """One sold seat, and the scan of its ticket an hour before the start."""

    def __init__(self, **different: Any) -> None:
        sold, self.order = with_paid_order(on_sale(**different), "hold", "ann", SEATS[0])
        self.ticket = sold.state(lambda context: context.read(ORDER, self.order)).tickets["1"]  # type: ignore[union-attr]
        self.open = sold.given(ORGANIZER.stream(GLOBE), OrganizerFounded(name="The Globe")).at(
            STARTS_AT - timedelta(hours=1)
        )

    def scan(self, **different: Any) -> ScanTicket:
        """Return a scan of the ticket; `different` fields of it."""
        known = {"ticket": self.ticket, "code_sha256": "code", "gate": "north", "device": "phone", "nonce": "1"}
        return ScanTicket(**{**known, "organizers": frozenset({GLOBE}), **different})

    def entered(self, **different: Any) -> Scenario:
        """Return the scenario after a scan that admitted."""
        return self.open.given_done(self.scan(**different))

    def register(self, scenario: Scenario, **different: Any) -> Scenario:
        """Register the device d1; `different` fields of its registration."""
        known = {"organizer": GLOBE, "label": "North", "secret_sha256": "ab", "performances": (HAMLET,)}
        return scenario.given_done(register_device, "d1", DeviceRegistered(**{**known, **different}))


def refusal(scenario: Scenario, scan: ScanTicket) -> RefusalReason | None:
    """Return why a scan is refused; None: it admits."""
    (*_, last) = scenario.when(scan).events()
    return last.reason if isinstance(last, ScanRefused) else None
