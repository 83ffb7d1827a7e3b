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
from api.http.filters import require_own_organizer
from api.http.pagination import Limit, PositionCursor, placed_page
from api.http.problems import problem_responses
from api.http.routing import business_router
from api.presenters import devices as present
from api.presenters.values import id_of
from api.schemas.devices import DeviceRequest, DevicesResponse, RegisteredResponse, RevokedResponse
from domain.device import DeviceRegistered, register_device, revoke_device
from domain.values import Role
from projections.devices.fold import DEVICES, count_working, list_devices
from projections.engine.queries import ModelMissing

NEWEST = 2**63 - 1

router = business_router("devices")


@router.post("/devices", status_code=201, responses={201: {"model": RegisteredResponse}, **problem_responses(404)})
async def register(request: Request, body: DeviceRequest) -> Response:
    """Register a scanner and return its key, once: only a hash of it is stored."""
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
        request, lambda context: register_device(context, device, registered, others=others)
    )
    ((stream, event),) = outcome.events
    key = None if outcome.replayed else key_of(device, secret)
    return command_response(outcome, {**present.registered_device(id_of(stream), event), "key": key}, status=201)


async def count_other_devices(request: Request, organizer: str) -> int:
    """Count the scanners that an organizer has already; none while there is no list of them."""
    services = services_of(request)
    try:
        return await count_working(services.read_models, organizer=organizer, now=services.clock.now())
    except ModelMissing:
        return 0


@router.get("/devices", responses={200: {"model": DevicesResponse}, **problem_responses(404)})
async def list_registered(
    request: Request,
    organizer_id: Annotated[UUID | None, Query(description="Only this organizer's.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List the scanners of the sender's organizers, newest first; an admin sees all."""
    await wait_for_position(request, min_position, DEVICES.name)
    organizers = await listed_organizers(request, None if organizer_id is None else str(organizer_id))
    models = services_of(request).read_models
    rows = await list_devices(models, organizers=organizers, before=cursor or NEWEST, limit=limit + 1)
    page, following = placed_page(rows, limit)
    return json_response({"items": [present.device_from_row(row) for row in page], "next": following})


async def listed_organizers(request: Request, organizer: str | None) -> list[str] | None:
    """Return the organizers whose scanners are listed; None: everybody's.

    Raises:
        NotFound: there is no such organizer.
        Forbidden: not theirs, or they have none.
    """
    identity = identity_of(request)
    if organizer is not None:
        await require_own_organizer(request, organizer)
        return [organizer]
    if await identity.has_role(Role.ADMIN):
        return None
    return await require_organizers(request, identity, Role.ORGANIZER)


@router.delete("/devices/{device_id}", responses={200: {"model": RevokedResponse}})
async def revoke(request: Request, device_id: UUID) -> Response:
    """Revoke a scanner: from now on no scan of it is accepted. A second time changes nothing."""
    device = str(device_id)
    outcome = await execute_command(request, lambda context: revoke_device(context, device))
    return command_response(outcome, {"device_id": device, "revoked": True})
