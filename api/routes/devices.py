"""Registered devices: the scanners of an organizer's gates."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from uuid_utils.compat import uuid7

from api.auth.device_keys import key_of, new_secret, secret_hash
from api.auth.identity import identity_of
from api.auth.visibility import acting_organizer, require_organizers
from api.dependencies import services_of
from api.http.commands import MinPosition, command_response, execute_command, json_response, wait_for_position
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.problems import problem_responses
from api.http.requests.filters import require_own_organizer
from api.http.routing import business_router
from api.presenters import devices as present
from api.presenters.values import id_of
from api.schemas.devices import DeviceRequest, DevicesResponse, RegisteredResponse, RevokedResponse
from domain import device as devices
from domain.device import DeviceRegistered
from domain.values import Role
from projections.devices import queries as device_list
from projections.devices.fold import DEVICES
from projections.devices.queries import count_working
from projections.engine.queries import NEWEST, ModelMissing

router = business_router("entry")


@router.post("/devices", status_code=201, responses={201: {"model": RegisteredResponse}, **problem_responses(404)})
async def register_device(request: Request, body: DeviceRequest) -> Response:
    """Register a device.

    Registers a scanner and returns its key. The key is shown once, because only its hash is stored.
    """
    organizer, device, secret = await acting_organizer(request, body.organizer_id), str(uuid7()), new_secret()
    registered = DeviceRegistered(
        organizer=organizer,
        label=body.label,
        secret_sha256=secret_hash(secret),
        performances=tuple(body.performance_ids),
        works_from=body.works_from,
        works_until=body.works_until,
    )
    others = await count_other_devices(request, organizer)
    outcome = await execute_command(
        request, lambda context: devices.register_device(context, device, registered, others=others)
    )
    ((stream, event),) = outcome.events
    key = None if outcome.replayed else key_of(device, secret)
    return command_response(outcome, {**present.registered_device(id_of(stream), event), "key": key}, status=201)


async def count_other_devices(request: Request, organizer: str) -> int:
    """Count the working devices of an organizer; 0 while the read model does not exist."""
    services = services_of(request)
    try:
        return await count_working(services.read_models, organizer=organizer, now=services.clock.now())
    except ModelMissing:
        return 0


@router.get("/devices", responses={200: {"model": DevicesResponse}, **problem_responses(404)})
async def list_devices(
    request: Request,
    organizer_id: Annotated[UUID | None, Query(description="Only devices of this organizer.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List devices.

    Lists the devices of the sender's organizers, newest first; an admin gets all.
    """
    await wait_for_position(request, min_position, DEVICES.name)
    organizers = await listed_organizers(request, None if organizer_id is None else str(organizer_id))
    models = services_of(request).read_models
    rows = await device_list.list_devices(models, organizers=organizers, before=cursor or NEWEST, limit=limit + 1)
    page, next_cursor = placed_page(rows, limit)
    return json_response({"items": [present.device_from_row(row) for row in page], "next": next_cursor})


async def listed_organizers(request: Request, organizer: str | None) -> list[str] | None:
    """Return the organizers whose devices are listed; None: all.

    Raises:
        NotFound: no such organizer.
        Forbidden: the sender is not a member of the organizer, or of any organizer.
    """
    identity = identity_of(request)
    if organizer is not None:
        await require_own_organizer(request, organizer)
        return [organizer]
    if await identity.has_role(Role.ADMIN):
        return None
    return await require_organizers(request, identity, Role.ORGANIZER)


@router.delete("/devices/{device_id}", responses={200: {"model": RevokedResponse}})
async def revoke_device(request: Request, device_id: UUID) -> Response:
    """Revoke a device.

    Revokes the device: its scans are refused from now on. Repeating it changes nothing.
    """
    device = str(device_id)
    outcome = await execute_command(request, lambda context: devices.revoke_device(context, device))
    return command_response(outcome, {"device_id": device, "revoked": True})
