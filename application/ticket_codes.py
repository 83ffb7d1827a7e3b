"""Ticket codes: what a QR carries. Signed, so that a gate can tell a forgery from a ticket without asking anybody."""

import base64
import hmac
from binascii import Error as BadBase64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Self
from uuid import UUID

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.ticket import RefusalReason

VERSION = 1
CODE_BYTES_MAX = 150
KEY_ID_BYTES = 4
ID_BYTES = 16
SIGNATURE_BYTES = 64
SIGNED_BYTES = 1 + KEY_ID_BYTES + 2 * ID_BYTES
QR_SCALE = 8
QR_BORDER_MODULES = 4
_PURPOSE = b"seatledger/ticket-codes"


class UnreadableCode(Exception):
    """What was read is no code of ours; `reason` says whether it is garbage or a forgery."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCode:
    """What a genuine code says."""

    ticket: str
    performance: str


class TicketCodes:
    """Writes and reads codes: version, key id, ticket, performance, signature; 136 characters of base64url.

    Args:
        signing: the key that signs new codes; the same ticket always gets the same code.
        retired: keys whose codes are still good.
    """

    def __init__(self, signing: Ed25519PrivateKey, retired: Sequence[Ed25519PublicKey] = ()) -> None:
        self._signing = signing
        self._key_id = key_id(signing.public_key())
        self._trusted = {key_id(key): key for key in (signing.public_key(), *retired)}

    @classmethod
    def from_secrets(cls, secret: str, previous: Sequence[str] = ()) -> Self:
        """Derive the keys from the installation's secret and those it had before."""
        return cls(derived_key(secret), [derived_key(known).public_key() for known in previous])

    def write(self, code: TicketCode) -> str:
        """Return the code of a ticket."""
        ids = UUID(code.ticket).bytes + UUID(code.performance).bytes
        signed = bytes([VERSION]) + self._key_id + ids
        return encode(signed + self._signing.sign(signed))

    def read(self, text: str) -> TicketCode:
        """Return what a code says, once its signature is verified.

        Raises:
            UnreadableCode: not our format (unreadable), or not signed by a key of ours (forged).
        """
        raw = _bytes_of(text)
        signed, signature = raw[:SIGNED_BYTES], raw[SIGNED_BYTES:]
        key = self._trusted.get(signed[1 : 1 + KEY_ID_BYTES])
        if key is None:
            raise UnreadableCode(RefusalReason.FORGED)
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            raise UnreadableCode(RefusalReason.FORGED) from None
        ticket, performance = signed[-2 * ID_BYTES : -ID_BYTES], signed[-ID_BYTES:]
        return TicketCode(ticket=str(UUID(bytes=ticket)), performance=str(UUID(bytes=performance)))


def derived_key(secret: str) -> Ed25519PrivateKey:
    """Return the signing key that belongs to a secret."""
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret.encode(), _PURPOSE, "sha256"))


def key_id(key: Ed25519PublicKey) -> bytes:
    """Name a key by its first bytes, which are as good as random."""
    return key.public_bytes_raw()[:KEY_ID_BYTES]


def qr_svg(code: str) -> bytes:
    """Draw a code as a QR, an SVG of its own with a quiet zone."""
    drawing = BytesIO()
    symbol = segno.make(code, error="m", micro=False)
    symbol.save(drawing, kind="svg", scale=QR_SCALE, border=QR_BORDER_MODULES, title="Ticket code", light="#fff")
    return drawing.getvalue()


def _bytes_of(text: str) -> bytes:
    if len(text) > CODE_BYTES_MAX:
        raise UnreadableCode(RefusalReason.UNREADABLE)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (BadBase64, ValueError):
        raise UnreadableCode(RefusalReason.UNREADABLE) from None
    if len(raw) != SIGNED_BYTES + SIGNATURE_BYTES or raw[0] != VERSION or encode(raw) != text:
        raise UnreadableCode(RefusalReason.UNREADABLE)
    return raw


def encode(raw: bytes) -> str:
    """Return the only spelling of a code's bytes."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
