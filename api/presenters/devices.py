"""Registered devices as JSON."""

from api.presenters.values import Body
from domain.device import DeviceRegistered
from projections.devices.queries import Device


def registered_device(device: str, registered: DeviceRegistered) -> Body:
    """Return a device as JSON, from the event that registered it."""
    return {
        "device_id": device,
        "organizer_id": registered.organizer,
        "label": registered.label,
        "performance_ids": registered.performances,
        "works_from": registered.works_from,
        "works_until": registered.works_until,
        "revoked": False,
    }


def device_from_row(device: Device) -> Body:
    """Return a device as JSON, from its row."""
    return {
        "device_id": device.device,
        "organizer_id": device.organizer,
        "label": device.label,
        "performance_ids": device.performances,
        "works_from": device.works_from,
        "works_until": device.works_until,
        "revoked": device.revoked,
    }
