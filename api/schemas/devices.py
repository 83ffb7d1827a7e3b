"""Registered devices as requests say them and answers show them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.texts import ShortText
from api.schemas.values import Cursor, Id, Position, Timestamp
from domain.device import PERFORMANCES_PER_DEVICE_MAX


class DeviceRequest(RequestBody):
    """A scanner, bound to performances, or to all of the organizer's within stated hours."""

    organizer_id: Annotated[Id | None, Field(description="May be left out by members of one organizer.")] = None
    label: Annotated[ShortText, Field(description="Names the scanner, not a person.", examples=["North gate 1"])]
    performance_ids: Annotated[
        list[Id],
        Field(
            default_factory=list,
            max_length=PERFORMANCES_PER_DEVICE_MAX,
            description="Empty: all of the organizer's; then hours are due.",
        ),
    ]
    works_from: Timestamp | None = None
    works_until: Annotated[Timestamp | None, Field(description="From then on it is refused.")] = None


class DeviceResponse(ResponseBody):
    """A registered scanner."""

    device_id: str
    organizer_id: str
    label: str
    performance_ids: list[str]
    works_from: datetime | None
    works_until: datetime | None
    revoked: bool


class RegisteredResponse(DeviceResponse):
    """A scanner and its key. Only the first answer shows the key; it is not stored."""

    key: Annotated[
        str | None,
        Field(description="Send it as `Device-Key`. null in a replayed answer: then revoke the device, register anew."),
    ]
    position: Position


class RevokedResponse(ResponseBody):
    """A scanner that is accepted no more."""

    device_id: str
    revoked: bool
    position: Position


class DevicesResponse(ResponseBody):
    """A page of scanners, newest first."""

    items: list[DeviceResponse]
    next: Cursor
