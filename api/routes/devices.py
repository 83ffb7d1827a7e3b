"""Registered devices: the scanners of an organizer's gates."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from uuid_utils.compat import uuid7

from api.commands import MinPosition, answer, carry_out, caught_up, shown
from api.device_keys import key_of, new_secret, secret_hash
from api.engine import engine_of
from api.filters import require_own_organizer
from api.identity import identity_of
from api.paging import Limit, PositionCursor, placed_page
from api.presenters import devices as present
from api.presenters.values import id_of
from api.problems import documented
from api.routing import business_router
from api.schemas.devices import DeviceRequest, DevicesResponse, RegisteredResponse, RevokedResponse
from api.visibility import acting_organizer, require_organizers
from domain.device import DeviceRegistered, register_device, revoke_device
from domain.values import Role
from projections.devices import DEVICES, count_working, list_devices
from projections.reading import ModelMissing

NEWEST = 2**63 - 1

router = business_router("devices")


@router.post("/devices", status_code=201, responses={201: {"model": RegisteredResponse}, **documented(404)})
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
    others = await others_of(request, organizer)
    outcome = await carry_out(request, lambda context: register_device(context, device, registered, others=others))
    ((stream, event),) = outcome.events
    key = None if outcome.replayed else key_of(device, secret)
    return answer(outcome, {**present.registered_device(id_of(stream), event), "key": key}, status=201)


async def others_of(request: Request, organizer: str) -> int:
    """Count the scanners that an organizer has already; none while there is no list of them."""
    engine = engine_of(request)
    try:
        return await count_working(engine.read_models, organizer=organizer, now=engine.clock.now())
    except ModelMissing:
        return 0


@router.get("/devices", responses={200: {"model": DevicesResponse}, **documented(404)})
async def list_registered(
    request: Request,
    organizer_id: Annotated[UUID | None, Query(description="Only this organizer's.")] = None,
    limit: Limit = 20,
    cursor: PositionCursor = None,
    min_position: MinPosition = None,
) -> Response:
    """List the scanners of the sender's organizers, newest first; an admin sees all."""
    await caught_up(request, min_position, DEVICES.name)
    organizers = await listed_organizers(request, None if organizer_id is None else str(organizer_id))
    models = engine_of(request).read_models
    rows = await list_devices(models, organizers=organizers, before=cursor or NEWEST, limit=limit + 1)
    page, following = placed_page(rows, limit)
    return shown({"items": [present.listed_device(row) for row in page], "next": following})


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
    if await identity.holds(Role.ADMIN):
        return None
    return await require_organizers(request, identity, Role.ORGANIZER)


@router.delete("/devices/{device_id}", responses={200: {"model": RevokedResponse}})
async def revoke(request: Request, device_id: UUID) -> Response:
    """Revoke a scanner: from now on no scan of it is accepted. A second time changes nothing."""
    device = str(device_id)
    outcome = await carry_out(request, lambda context: revoke_device(context, device))
    return answer(outcome, {"device_id": device, "revoked": True})
