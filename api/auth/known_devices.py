"""The cookie of a device that has logged in to an account: it opens nothing, but others' guesses do not slow it down.

Its value is a nonce and a signature over the account's address and the nonce; nothing is kept here.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

NONCE_BYTES = 16
DIGEST = hashlib.sha256
VALUE_LENGTH = 64


class Devices:
    """Signs and reads device cookies.

    Args:
        key: signs new ones.
        retired: keys whose cookies are still good.
    """

    def __init__(self, key: bytes, retired: Sequence[bytes] = ()) -> None:
        self._keys = (key, *retired)

    def new_value(self, account: str) -> str:
        """Return the value of a new cookie for an account's address."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + signature(self._keys[0], account, nonce)).decode()

    def read(self, value: str | None, account: str) -> str:
        """Return the name of the device that a cookie's value was made for; empty if it is not good here."""
        if value is None:
            return ""
        raw = base64.urlsafe_b64decode(value)
        nonce, signed = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        good = [hmac.compare_digest(signed, signature(key, account, nonce)) for key in self._keys]
        return nonce.hex() if any(good) else ""


def signature(key: bytes, account: str, nonce: bytes) -> bytes:
    """Sign that a device has logged in to an account."""
    return hmac.digest(key, nonce + account.encode(), DIGEST)
