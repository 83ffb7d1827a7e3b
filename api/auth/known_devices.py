"""Device cookies: they identify a device that has logged in to an account before.

The cookie grants no access; its device is exempt from the delays caused by other devices' failed logins. Its value is a
nonce and a signature over the account's address and the nonce, so the server stores nothing.
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
    """Signs and verifies device cookies.

    Args:
        key: signs new cookies.
        retired: earlier keys whose cookies are still valid.
    """

    def __init__(self, key: bytes, retired: Sequence[bytes] = ()) -> None:
        self._keys = (key, *retired)

    def new_value(self, account: str) -> str:
        """Return the value of a new cookie for an account's address."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + signature(self._keys[0], account, nonce)).decode()

    def read(self, value: str | None, account: str) -> str:
        """Return the device's name from a cookie's value; empty if the cookie is not valid for the account."""
        if value is None:
            return ""
        raw = base64.urlsafe_b64decode(value)
        nonce, signed = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        good = [hmac.compare_digest(signed, signature(key, account, nonce)) for key in self._keys]
        return nonce.hex() if any(good) else ""


def signature(key: bytes, account: str, nonce: bytes) -> bytes:
    """Return the signature of a device's nonce for an account."""
    return hmac.digest(key, nonce + account.encode(), DIGEST)
