"""Somebody at a browser, a gate or a desk: an HTTP client that knows who it is and stops at the first surprise."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

import httpx
from uuid_utils.compat import uuid7

from runtime.tour.errors import TourFailed

PATIENCE_S = 20.0
POLL_S = 0.1
REQUEST_S = 15.0
PREFIX = "/api/v1"

Json = dict[str, Any]


class TourUser:
    """One person with their own connection and access token.

    Args:
        base_url: where the API is, without the prefix.
        name: how the story calls them.
    """

    def __init__(self, base_url: str, name: str) -> None:
        self.name = name
        self._http = httpx.Client(base_url=base_url.rstrip("/") + PREFIX, timeout=REQUEST_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str) -> None:
        """Trade a password for an access token."""
        answer = self.post("/auth/login", {"email": email, "password": password}, expect=200)
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def get(self, path: str, **query: str | int) -> Json:
        """Read something."""
        return self._answer(self._http.get(path, params=query), 200)

    def text(self, path: str) -> str:
        """Read something that is not JSON."""
        response = self._http.get(path)
        self._check(response, 200)
        return response.text

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, expect: int = 201, key: UUID | None = None
    ) -> Json:
        """Send a command under an idempotency key of its own, as a careful client does."""
        headers = {} if path.startswith("/auth/") else {"Idempotency-Key": str(key or uuid7())}
        return self._answer(self._http.post(path, json=body, headers=headers), expect)

    def wait(self, path: str, until: Callable[[Json], bool]) -> Json:
        """Read again until something has happened.

        Raises:
            TourFailed: it has not happened after 20 seconds.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not until(seen := self.get(path)):
            if time.monotonic() > deadline:
                raise TourFailed(f"{self.name} waited {PATIENCE_S:.0f} s at {path} and saw {seen}.")
            time.sleep(POLL_S)
        return seen

    def _answer(self, response: httpx.Response, expect: int) -> Json:
        self._check(response, expect)
        answer: Json = response.json() if response.content else {}
        return answer

    def _check(self, response: httpx.Response, expect: int) -> None:
        if response.status_code != expect:
            request = response.request
            raise TourFailed(
                f"{self.name}: {request.method} {request.url} answered {response.status_code}, "
                f"not {expect}: {response.text[:500]}"
            )


def pay_by_card(checkout_url: str, card: str) -> None:
    """Type a card number into the provider's page, as the buyer's browser would."""
    response = httpx.post(f"{checkout_url.rstrip('/')}/pay", json={"card": card}, timeout=REQUEST_S)
    if response.status_code >= httpx.codes.BAD_REQUEST:
        raise TourFailed(f"The provider refused the card: {response.text[:500]}")
