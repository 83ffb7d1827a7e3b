"""The registered devices (scanners) of the organizers, including revoked ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.devices import tables as sql
from projections.engine.model import ProjectedEvent, ReadModel, WriteStep

NAME = "devices"


def fold(events: Sequence[ProjectedEvent]) -> Sequence[WriteStep]:
    """Return the statements of a batch; devices are inserted before they are revoked."""

    def rows(name: str) -> list[Mapping[str, Any]]:
        return [
            {**event.data, "device": event.key, "position": event.position} for event in events if event.name == name
        ]

    return [WriteStep(sql.REGISTER, rows("DeviceRegistered")), WriteStep(sql.REVOKE, rows("DeviceRevoked"))]


DEVICES = ReadModel(
    name=NAME,
    version=1,
    schema=sql.SCHEMA,
    event_names=frozenset({"DeviceRegistered", "DeviceRevoked"}),
    fold=fold,
)
