"""Scans at the gates, and reverted entries."""

from fastapi import Request, Response

from api.auth.device_keys import DeviceKey, sending_device
from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import command_response, execute_command, json_response
from api.http.routing import business_router
from api.queries.gate import command_of_scan, preview_result, scan_result
from api.schemas.tickets import RevertRequest, RevertResponse, ScanRequest, ScanResult
from domain.decisions.entry import preview_scan, revert_entry, scan_ticket

router = business_router("entry")


@router.post("/scans", responses={200: {"model": ScanResult}})
async def record_scan(request: Request, body: ScanRequest, device_key: DeviceKey = None) -> Response:
    """Scan a ticket.

    Records an entry, or a refusal with its reason; a ticket is admitted once. A `ticket_number` without `confirm`
    returns what a scan would give and records nothing. A repeated scan with the nonce of the same device (without
    `Device-Key`: of the same account) returns the same answer while its entry stands; a nonce used for another scan, or
    whose entry was reverted, is `nonce_reused` (422).
    """
    device = await sending_device(request, device_key)
    command = await command_of_scan(request, identity_of(request), body, device)
    if body.ticket_number is not None and not body.confirm:
        decision = await services_of(request).handler.query(lambda context: preview_scan(context, command))
        return json_response(await preview_result(request, command, decision))
    step = None if device is None else device.device  # The same Idempotency-Key from two devices names two commands.
    outcome = await execute_command(request, lambda context: scan_ticket(context, command), step=step)
    if outcome.replayed:  # The entry may have been reverted since, or the device revoked.
        await services_of(request).handler.query(lambda context: scan_ticket(context, command))
    replayed = outcome.replayed or not outcome.events
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    return json_response(await scan_result(request, command), headers=headers)


@router.post("/scans/{scan_id}/revert", responses={200: {"model": RevertResponse}})
async def revert_scan(request: Request, scan_id: str, body: RevertRequest) -> Response:
    """Revert an entry.

    Undoes the entry that a scan recorded: the ticket admits again. Repeating it changes nothing.
    """
    outcome = await execute_command(request, lambda context: revert_entry(context, scan_id, body.reason))
    return command_response(outcome, {"scan_id": scan_id, "reverted": True})
