"""Ticket codes, the content of QR codes; signed with Ed25519, so that a gate detects forgeries offline."""

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
    """The text is not a valid code; `reason`: unreadable or forged."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCode:
    """The content of a valid code."""

    ticket: str
    performance: str


class TicketCodes:
    """Writes and reads codes: version, key id, ticket, performance and signature in 136 characters of base64url.

    Args:
        signing: key that signs new codes; a ticket always has the same code.
        retired: public keys whose codes are still valid.
    """

    def __init__(self, signing: Ed25519PrivateKey, retired: Sequence[Ed25519PublicKey] = ()) -> None:
        self._signing = signing
        self._key_id = key_id(signing.public_key())
        self._trusted = {key_id(key): key for key in (signing.public_key(), *retired)}

    @classmethod
    def from_secrets(cls, secret: str, previous: Sequence[str] = ()) -> Self:
        """Derive the keys from the installation's secret and its previous secrets."""
        return cls(derived_key(secret), [derived_key(former).public_key() for former in previous])

    def write(self, code: TicketCode) -> str:
        """Return the code of a ticket."""
        ids = UUID(code.ticket).bytes + UUID(code.performance).bytes
        signed = bytes([VERSION]) + self._key_id + ids
        return encode(signed + self._signing.sign(signed))

    def read(self, text: str) -> TicketCode:
        """Verify a code's signature and return its content.

        Raises:
            UnreadableCode: another format (unreadable), or no valid signature by a known key (forged).
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
    """Derive a signing key from a secret by HMAC-SHA256."""
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret.encode(), _PURPOSE, "sha256"))


def key_id(key: Ed25519PublicKey) -> bytes:
    """Return a key's id: its first `KEY_ID_BYTES` bytes."""
    return key.public_bytes_raw()[:KEY_ID_BYTES]


def qr_svg(code: str) -> bytes:
    """Return a code as a QR code: an SVG document with a quiet zone."""
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
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
