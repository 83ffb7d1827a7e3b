"""At the gate: one scan, one result; and an entry that is taken back."""

from fastapi import Request, Response

from api.auth.device_keys import DeviceKey, sending_device
from api.auth.identity import identity_of
from api.dependencies import services_of
from api.http.commands import command_response, execute_command, json_response
from api.http.routing import business_router
from api.queries.gate import command_of_scan, preview_result, scan_result
from api.schemas.tickets import RevertRequest, RevertResponse, ScanRequest, ScanResult
from domain.decisions.entry import preview_scan, revert_entry, scan_ticket

router = business_router("scans")


@router.post("/scans", responses={200: {"model": ScanResult}})
async def scan(request: Request, body: ScanRequest, device_key: DeviceKey = None) -> Response:
    """Admit a ticket once, or record why not.

    The same scan under the same nonce of the same device (without `Device-Key`: of the same account) gives the same
    answer, as long as its entry stands; another scan under a known nonce, or one whose entry was reverted, is 422
    `nonce_reused`. A ticket's number without `confirm` shows what it
    would come to and records nothing.
    """
    device = await sending_device(request, device_key)
    command = await command_of_scan(request, identity_of(request), body, device)
    if body.ticket_number is not None and not body.confirm:
        judgement = await services_of(request).handler.query(lambda context: preview_scan(context, command))
        return json_response(await preview_result(request, command, judgement))
    step = None if device is None else device.device  # One Idempotency-Key of two devices is two commands.
    outcome = await execute_command(request, lambda context: scan_ticket(context, command), step=step)
    if outcome.replayed:  # The entry may have been reverted since, or the device revoked.
        await services_of(request).handler.query(lambda context: scan_ticket(context, command))
    replayed = outcome.replayed or not outcome.events
    headers = {"Idempotency-Replayed": "true"} if replayed else None
    return json_response(await scan_result(request, command), headers=headers)


@router.post("/scans/{scan_id}/revert", responses={200: {"model": RevertResponse}})
async def revert(request: Request, scan_id: str, body: RevertRequest) -> Response:
    """Take back the entry that a scan recorded: the ticket admits again. A second time changes nothing."""
    outcome = await execute_command(request, lambda context: revert_entry(context, scan_id, body.reason))
    return command_response(outcome, {"scan_id": scan_id, "reverted": True})
