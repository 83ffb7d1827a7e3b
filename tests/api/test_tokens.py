"""Access tokens: which are accepted."""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from uuid_utils.compat import uuid7

from application.access_tokens import ALGORITHM, AUDIENCE, JWT_TYPE, AccessTokens, SigningKey, TokenClaims
from application.errors import Unauthenticated
from tests.api.shop import V1, Shop

OURS = SigningKey.derive("the secret of these tests")
FOREIGN = SigningKey.derive("somebody else's secret")
ACCOUNT = str(uuid7())
DAY_S = 86_400


@pytest.fixture
def shop_database(module_database: str) -> str:
    """One database for all tests of this module."""
    return module_database


class FakeWallClock:
    """A wall clock that tests set."""

    def __init__(self) -> None:
        self.time = time.time()

    def __call__(self) -> float:
        """Return its time."""
        return self.time


def claims(**others: Any) -> dict[str, Any]:
    """Return the claims of a valid token with changes; None: omitted."""
    now = int(time.time())
    good = {"iss": "seatledger", "aud": AUDIENCE, "sub": ACCOUNT, "iat": now, "exp": now + DAY_S, "guest": False}
    return {name: value for name, value in {**good, **others}.items() if value is not None}


def signed(key: SigningKey = OURS, headers: dict[str, Any] | None = None, **others: Any) -> str:
    """Return a token that differs from a valid one only in the given parts."""
    return jwt.encode(
        claims(**others), key.private, algorithm=ALGORITHM, headers={"kid": key.kid, "typ": JWT_TYPE, **(headers or {})}
    )


def unsigned() -> str:
    """Return a token whose header requires no signature."""
    header = {"alg": "none", "typ": JWT_TYPE, "kid": OURS.kid}
    return (
        ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims())) + "."
    )


def confused() -> str:
    """Return a token signed by HMAC with the public key as the secret."""
    public = OURS.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return jwt.encode(claims(), public.ljust(32), algorithm="HS256", headers={"kid": OURS.kid, "typ": JWT_TYPE})


def altered() -> str:
    """Return a valid token whose claims were changed after signing."""
    header, payload, signature = signed().split(".")
    changed = json.loads(urlsafe_b64decode(payload + "==")) | {"sub": str(uuid7())}
    return ".".join((header, urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("="), signature))


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(signing=OURS)


class TestRead:
    def test_given_a_token_of_ours_then_it_says_whose_it_is(self, tokens: AccessTokens) -> None:
        bearer = tokens.read(tokens.issue(ACCOUNT, guest=True))
        assert (bearer.account, bearer.guest) == (ACCOUNT, True)
        assert bearer.expires_at - time.time() == pytest.approx(600, abs=5)

    def test_given_what_signed_makes_then_it_is_good_as_it_stands(self, tokens: AccessTokens) -> None:
        assert tokens.read(signed()).account == ACCOUNT

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "garbage",
            "a.b.c",
            "x" * 5_000,
            unsigned(),
            confused(),
            altered(),
            signed(FOREIGN),
            signed(FOREIGN, {"kid": OURS.kid}),
            signed(headers={"kid": "unknown"}),
            signed(headers={"typ": "JWT"}),
            signed(iss="somebody"),
            signed(aud="somewhere"),
            signed(sub="nobody"),
            signed(sub=None),
            signed(exp=None),
            signed(iat=None),
            signed(exp=int(time.time()) - 60),
            signed(iat=int(time.time()) + DAY_S, exp=int(time.time()) + 2 * DAY_S),
        ],
        ids=lambda token: token[:20],
    )
    def test_given_any_other_then_nobody_is_recognised(self, tokens: AccessTokens, token: str) -> None:
        with pytest.raises(Unauthenticated):
            tokens.read(token)

    def test_given_time_passes_then_a_remembered_token_expires_too(self) -> None:
        wall = FakeWallClock()
        tokens = AccessTokens(signing=OURS, now=wall)
        token = tokens.issue(ACCOUNT, guest=False, lifetime=timedelta(minutes=10))
        assert isinstance(tokens.read(token), TokenClaims)
        wall.time += 601
        with pytest.raises(Unauthenticated):
            tokens.read(token)

    def test_given_more_tokens_than_are_remembered_then_memory_stays_bounded(self) -> None:
        tokens = AccessTokens(signing=OURS, remembered_max=3)
        for _ in range(10):
            tokens.read(tokens.issue(str(uuid7()), guest=False))
        assert len(tokens._remembered) == 3

    def test_given_a_new_secret_then_tokens_of_the_retired_one_are_still_believed(self) -> None:
        before = AccessTokens(signing=OURS).issue(ACCOUNT, guest=False)
        after = AccessTokens(signing=FOREIGN, retired=[OURS])
        assert after.read(before).account == ACCOUNT
        assert jwt.get_unverified_header(after.issue(ACCOUNT, guest=False))["kid"] == FOREIGN.kid
        with pytest.raises(Unauthenticated):
            AccessTokens(signing=FOREIGN).read(before)


class TestOverHttp:
    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", f"Bearer {unsigned()}"])
    async def test_given_no_good_token_then_401_says_how(self, shop: Shop, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        answer = await shop.client.get(f"{V1}/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
