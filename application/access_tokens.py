"""Access tokens (short-lived JWT signed with Ed25519, key by `kid`) and refresh tokens (opaque, stored as a hash).

An access token identifies the account and holds no rights; rights are read for each request.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application.errors import Unauthenticated

ALGORITHM = "EdDSA"
JWT_TYPE = "at+jwt"
AUDIENCE = "seatledger-api"
ACCESS_LIFETIME = timedelta(minutes=10)
CLOCK_SKEW_SECONDS = 5
TOKEN_LENGTH_MAX = 2_048
REMEMBERED_MAX = 50_000
REQUIRED_CLAIMS = ("iss", "aud", "sub", "iat", "exp")
REFRESH_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The claims of a verified token; `expires_at` in seconds since 1970."""

    account: str
    guest: bool
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A signing key and its key id."""

    kid: str
    private: Ed25519PrivateKey

    @classmethod
    def derive(cls, secret: str) -> Self:
        """Derive the key from a secret by HKDF-SHA256; the same secret gives the same key."""
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"seatledger access token").derive(secret.encode())
        private = Ed25519PrivateKey.from_private_bytes(seed)
        kid = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
        return cls(kid=kid, private=private)


class AccessTokens:
    """Issues and verifies access tokens; claims of verified tokens are cached until they expire.

    Args:
        signing: key that signs new tokens.
        retired: keys whose tokens are still accepted, so that a change of the secret ends no session.
        issuer: value of the claim `iss`.
        now: clock, in seconds since 1970.
        remembered_max: maximum number of cached tokens.
    """

    def __init__(
        self,
        *,
        signing: SigningKey,
        retired: Sequence[SigningKey] = (),
        issuer: str = "seatledger",
        now: Callable[[], float] = time.time,
        remembered_max: int = REMEMBERED_MAX,
    ) -> None:
        self._signing = signing
        self._issuer = issuer
        self._now = now
        self._remembered_max = remembered_max
        self._remembered: OrderedDict[str, TokenClaims] = OrderedDict()
        self._public: dict[str, Ed25519PublicKey] = {key.kid: key.private.public_key() for key in (*retired, signing)}

    def issue(self, account: str, *, guest: bool, lifetime: timedelta = ACCESS_LIFETIME) -> str:
        """Return a signed token for an account."""
        now = int(self._now())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": account,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
            "guest": guest,
        }
        headers = {"kid": self._signing.kid, "typ": JWT_TYPE}
        return jwt.encode(claims, self._signing.private, algorithm=ALGORITHM, headers=headers)

    def read(self, token: str) -> TokenClaims:
        """Verify a token and return its claims.

        Raises:
            Unauthenticated: malformed, of an unknown key, for another audience, or expired.
        """
        claims = self._remembered.get(token)
        if claims is None:
            claims = self._verify(token)
            self._remember(token, claims)
        if claims.expires_at <= self._now():
            self._remembered.pop(token, None)
            raise Unauthenticated("The access token has expired; refresh it.")
        return claims

    def _remember(self, token: str, claims: TokenClaims) -> None:
        self._remembered[token] = claims
        if len(self._remembered) > self._remembered_max:
            self._remembered.popitem(last=False)

    def _verify(self, token: str) -> TokenClaims:
        if len(token) > TOKEN_LENGTH_MAX:
            raise Unauthenticated("This is not an access token.")
        try:
            header = jwt.get_unverified_header(token)
            key = self._public.get(header.get("kid", ""))
            if key is None or header.get("typ") != JWT_TYPE:
                raise Unauthenticated("The access token was not issued here.")
            return parse_claims(self._claims(token, key))
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The access token has expired; refresh it.") from None
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise Unauthenticated("The access token is not valid.") from None

    def _claims(self, token: str, key: Ed25519PublicKey) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=self._issuer,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": list(REQUIRED_CLAIMS)},
        )


def parse_claims(claims: dict[str, Any]) -> TokenClaims:
    """Convert verified claims to `TokenClaims`.

    Raises:
        ValueError: the subject is not an account id.
    """
    return TokenClaims(
        account=str(UUID(claims["sub"])), guest=claims.get("guest") is True, expires_at=float(claims["exp"])
    )


def new_refresh_token() -> str:
    """Return a new random refresh token."""
    return secrets.token_urlsafe(REFRESH_TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return the SHA-256 hash of a refresh token, as it is stored."""
    return hashlib.sha256(token.encode()).digest()
