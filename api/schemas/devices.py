"""Registered devices in requests and responses."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import RequestBody, ResponseBody
from api.schemas.fields.texts import ShortText
from api.schemas.fields.values import Cursor, Id, Position, Timestamp
from domain.device import PERFORMANCES_PER_DEVICE_MAX


class DeviceRequest(RequestBody):
    """A scanner for the given performances, or for all performances of the organizer within given hours."""

    organizer_id: Annotated[Id | None, Field(description="May be omitted by a member of exactly one organizer.")] = None
    label: Annotated[ShortText, Field(description="Name of the scanner, not of a person.", examples=["North gate 1"])]
    performance_ids: Annotated[
        list[Id],
        Field(
            default_factory=list,
            max_length=PERFORMANCES_PER_DEVICE_MAX,
            description="Empty: all of the organizer, then `works_until` is required.",
        ),
    ]
    works_from: Timestamp | None = None
    works_until: Annotated[Timestamp | None, Field(description="From this time on its scans are refused.")] = None


class DeviceResponse(ResponseBody):
    """A registered device."""

    device_id: str
    organizer_id: str
    label: str
    performance_ids: list[str]
    works_from: datetime | None
    works_until: datetime | None
    revoked: bool


class RegisteredResponse(DeviceResponse):
    """The registered device and its key. Only the first answer contains the key; it is not stored."""

    key: Annotated[
        str | None,
        Field(
            description="Send it as `Device-Key`. null in a replayed answer: revoke the device and register another."
        ),
    ]
    position: Position


class RevokedResponse(ResponseBody):
    """The revoked device."""

    device_id: str
    revoked: bool
    position: Position


class DevicesResponse(ResponseBody):
    """A page of devices, newest first."""

    items: list[DeviceResponse]
    next: Cursor
