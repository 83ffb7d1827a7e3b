"""Descriptions of the events of tickets, scans and devices."""

from typing import assert_never

from audit.descriptions.formatting import format_list, format_reason, format_time
from domain import device, scan, ticket


def describe_ticket_event(event: ticket.TicketEvent) -> str:
    """Describe one event of a ticket."""
    match event:
        case ticket.TicketIssued():
            return f"Issued to account {event.account} for {event.place.label} in order {event.order}."
        case ticket.TicketVoided():
            return f"Voided by refund {event.refund}."
        case ticket.TicketDisputed():
            return f"The buyer's bank disputes payment {event.payment}, which paid for the ticket."
        case ticket.TicketDisputeWon():
            return f"The dispute of payment {event.payment} was won."
        case ticket.EntryRecorded():
            return describe_entry(event)
        case ticket.EntryReverted():
            return (
                f"The entry by scan {event.nonce} of device {event.device} was reverted {format_reason(event.reason)}."
            )
        case _:
            assert_never(event)


def describe_entry(event: ticket.EntryRecorded) -> str:
    """Describe an entry, with the mode and an overridden refusal."""
    how = "typed on" if event.mode is ticket.EntryMode.MANUAL else "scanned by"
    overrode = f", although it was refused {format_reason(event.overrode)}" if event.overrode else ""
    return f"Admitted at gate {event.gate}, {how} device {event.device}{overrode}."


def describe_scan_event(event: scan.ScanEvent) -> str:
    """Describe the result of a scan."""
    match event:
        case scan.ScanAdmitted():
            return f"Ticket {event.ticket} was admitted at gate {event.reading.gate}."
        case scan.ScanRefused():
            which = f"Ticket {event.ticket}" if event.ticket else "A scan"
            return f"{which} was refused at gate {event.reading.gate} {format_reason(event.reason)}."
        case _:
            assert_never(event)


def describe_device_event(event: device.DeviceEvent) -> str:
    """Describe one event of a device."""
    match event:
        case device.DeviceRegistered():
            what = f"performances {format_list(event.performances)}" if event.performances else "every performance"
            since = f" from {format_time(event.works_from)}" if event.works_from else ""
            until = f" until {format_time(event.works_until)}" if event.works_until else ""
            return f"Device {event.label} was registered for {what} of organizer {event.organizer}{since}{until}."
        case device.DeviceRevoked():
            return "The device was revoked: its scans are no longer accepted."
        case _:
            assert_never(event)
