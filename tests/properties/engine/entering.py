"""What happens at the gates: tickets are scanned, entries reverted, scanners registered and revoked."""

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule
from uuid_utils.compat import uuid7

from domain import device
from domain.decisions import entry, scheduling
from domain.scan import scan_id
from domain.ticket import EntryMode, EntryRecorded, RevertReason
from tests.properties.engine.buying import Buying
from tests.properties.engine.scenario import DEVICES, ORDERS, SCANS
from tests.support.engine import ScriptedCommand

GATES = st.sampled_from(("north", "south"))
LINES = st.sampled_from(["1", "1", "2"])
NONCES = st.integers(1, 30).map(str)
OVERRIDES = st.sampled_from([True, True, True, False])


class Entering(Buying):
    """Gates with and without registered scanners. Nonces are few, so that they meet again."""

    def scan_with(self, command: entry.ScanTicket) -> Any:
        """Send a scan; return its id if it admitted."""
        outcome = self.send(ScriptedCommand(partial(type(self).scan_ticket, command=command)), "scanned")
        admitted = outcome is not None and any(isinstance(fact, EntryRecorded) for _, fact in outcome.events)
        self.tally["admitted"] += admitted
        self.tally["admitted by a device"] += admitted and command.registered
        return scan_id(command.device, command.nonce) if admitted else multiple()

    def scan_command(self, order: tuple[str, str], line: str, **different: Any) -> entry.ScanTicket:
        """Return the command that scans the ticket of an order's line, if it has one."""
        ticket = self.order_state(order[0]).tickets.get(line)
        known = {"ticket": ticket, "code_sha256": str(ticket), "organizers": frozenset({self.world.organizer})}
        return entry.ScanTicket(**{**known, **different})

    def enter(self, order: tuple[str, str], line: str) -> None:
        """Scan a ticket under a nonce of its own, whatever the hour."""
        self.scan_with(
            self.scan_command(order, line, gate="north", device="north", nonce=str(uuid7()), override_window=True)
        )

    @rule(target=SCANS, order=ORDERS, line=LINES, gate=GATES, nonce=NONCES, override=OVERRIDES)
    def scan(self, order: tuple[str, str], line: str, gate: str, nonce: str, *, override: bool) -> Any:
        """Scan without a registered device."""
        return self.scan_with(
            self.scan_command(order, line, gate=gate, device=gate, nonce=nonce, override_window=override)
        )

    @rule(target=SCANS, order=ORDERS, line=LINES, gate=GATES, nonce=NONCES, scanner=DEVICES)
    def scan_with_device(self, order: tuple[str, str], line: str, gate: str, nonce: str, scanner: str) -> Any:
        """Type the ticket's number on a registered device."""
        return self.scan_with(
            self.scan_command(
                order,
                line,
                gate=gate,
                device=scanner,
                nonce=nonce,
                registered=True,
                mode=EntryMode.MANUAL,
                override_window=True,
            )
        )

    @rule(scan=SCANS)
    def revert_entry(self, scan: str) -> None:
        decide = partial(type(self).revert, scan=scan, reason=RevertReason.SCANNED_BY_MISTAKE)
        self.send(ScriptedCommand(decide), "reverted")

    @rule(target=DEVICES, minutes=st.sampled_from([2, 600]))
    def register_device(self, minutes: int) -> str:
        scanner, now = str(uuid7()), self.clock.now()
        registered = device.DeviceRegistered(
            organizer=self.world.organizer,
            label="north",
            secret_sha256="",
            performances=(self.world.performance,),
            works_from=now,
            works_until=now + timedelta(minutes=minutes),
        )
        self.send(ScriptedCommand(partial(device.register_device, device=scanner, registered=registered)), "registered")
        return scanner

    @rule(scanner=DEVICES)
    def revoke_device(self, scanner: str) -> None:
        self.send(ScriptedCommand(partial(device.revoke_device, device=scanner)), "revoked")

    @rule(order=ORDERS, line=LINES, nonce=NONCES)
    def use_nonce_twice(self, order: tuple[str, str], line: str, nonce: str) -> None:
        """Send two scans under one nonce."""
        for gate in ("north", "south"):
            self.scan_with(
                self.scan_command(order, line, gate=gate, device="tablet", nonce=nonce, override_window=True)
            )

    @rule(order=ORDERS, line=LINES)
    def enter_and_revert_twice(self, order: tuple[str, str], line: str) -> None:
        """Let somebody enter, and take it back two times."""
        nonce = str(uuid7())
        scan = self.scan_with(
            self.scan_command(order, line, gate="north", device="north", nonce=nonce, override_window=True)
        )
        if isinstance(scan, str):
            self.revert_entry(scan)
            self.revert_entry(scan)

    @rule(order=ORDERS, line=LINES)
    def scan_once_revoked(self, order: tuple[str, str], line: str) -> None:
        """Register a device, revoke it, and scan with it all the same."""
        scanner = self.register_device(600)
        self.revoke_device(scanner)
        self.scan_with_device(order, line, "north", "1", scanner)

    @rule(registered_devices=st.sampled_from([True, False, False]))
    def change_entry_rules(self, *, registered_devices: bool) -> None:
        command = scheduling.ChangePerformance(
            performance=self.world.performance,
            entry_rules=scheduling.EntryRulesChange(registered_devices=registered_devices),
        )
        self.send(ScriptedCommand(partial(scheduling.change, command=command)), "entry rules changed")
