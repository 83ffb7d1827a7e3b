"""Refusals at the gate, and of what an entry rules out."""

from domain.errors.base import Conflict, Forbidden, Invalid


class NonceReused(Invalid):
    """The device used the nonce for another scan."""

    code = "nonce_reused"


class DeviceIsRevoked(Forbidden):
    """The scanner was revoked."""

    code = "device_revoked"


class TicketUsed(Conflict):
    """One of the tickets was used for entry."""

    code = "ticket_used"
