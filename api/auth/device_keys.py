"""Keys of registered devices: creation, hash, and the device that sent a request."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header, Request

from api.dependencies import services_of
from application.errors import Unauthenticated
from domain.device import DEVICE, RegisteredDevice

SECRET_BYTES = 32
KEY = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")

DeviceKey = Annotated[
    str | None,
    Header(description="Key of a registered device, as returned by `POST /devices`: `<device_id>.<secret>`."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatedDevice:
    """The registered device that sent a request."""

    device: str
    organizer: str


def new_secret() -> str:
    """Return a new secret for a device."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """Return the stored hash of a secret; 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_of(device: str, secret: str) -> str:
    """Return the key that a device sends."""
    return f"{device}.{secret}"


async def sending_device(request: Request, key: str | None) -> AuthenticatedDevice | None:
    """Return the device whose key a request carries; None without a key. Revoked devices are returned too.

    Raises:
        Unauthenticated: the key belongs to no device.
    """
    if key is None:
        return None
    found = KEY.fullmatch(key)
    if found is not None:
        device, secret = found.groups()
        state = await services_of(request).handler.query(lambda context: context.read(DEVICE, device))
        if isinstance(state, RegisteredDevice) and hmac.compare_digest(state.secret_sha256, secret_hash(secret)):
            return AuthenticatedDevice(device=device, organizer=state.organizer)
    raise Unauthenticated("The Device-Key belongs to no registered device; send <device_id>.<secret> or omit it.")
