"""Ed25519 keys for seals; a key's id is the beginning of the SHA-256 of its public key."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.sealing.seal import Seal

KEY_ID_DIGITS = 16
PUBLIC_KEY_BYTES = 32
_PURPOSE = b"seatledger/seals"


class SealingKey:
    """A private key, derived from a secret of the sealer.

    Args:
        secret: random, at least 32 characters; equal secrets give equal keys.
    """

    def __init__(self, secret: str) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(hmac.digest(secret.encode(), _PURPOSE, "sha256"))
        self.public = self._private.public_key().public_bytes_raw()
        self.id = key_id_of(self.public)

    def sign(self, seal: Seal) -> Seal:
        """Return the seal with its signature."""
        return replace(seal, signature=self._private.sign(seal.signed))


def key_id_of(public_key: bytes) -> str:
    """Return the id of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:KEY_ID_DIGITS]


def is_genuine(seal: Seal, keys: Mapping[str, bytes]) -> bool:
    """Tell whether the seal is signed by one of these public keys, by their ids."""
    public_key = keys.get(seal.key_id)
    if public_key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(seal.signature, seal.signed)
    except (InvalidSignature, ValueError):
        return False
    return True
