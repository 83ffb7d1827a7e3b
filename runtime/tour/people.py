"""An authenticated HTTP client that fails on the first unexpected response."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import UUID

import httpx
from uuid_utils.compat import uuid7

from runtime.tour.errors import TourFailed

WAIT_S_MAX = 20.0
POLL_S = 0.1
REQUEST_S_MAX = 15.0
PREFIX = "/api/v1"

Json = dict[str, Any]


class TourUser:
    """A user with a connection and an access token.

    Args:
        base_url: the API's address without the prefix.
        name: the name in messages.
    """

    def __init__(self, base_url: str, name: str) -> None:
        self.name = name
        self._http = httpx.Client(base_url=base_url.rstrip("/") + PREFIX, timeout=REQUEST_S_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str) -> None:
        """Log in, and send the access token with every later request."""
        answer = self.post("/auth/login", {"email": email, "password": password}, expect=200)
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def get(self, path: str, **query: str | int) -> Json:
        """Send a GET request and return the JSON response."""
        return self._answer(self._http.get(path, params=query), 200)

    def text(self, path: str) -> str:
        """Send a GET request and return the response's text."""
        response = self._http.get(path)
        self._check(response, 200)
        return response.text

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, expect: int = 201, key: UUID | None = None
    ) -> Json:
        """Send a POST request with an idempotency key, a new one by default, and return the JSON response."""
        headers = {} if path.startswith("/auth/") else {"Idempotency-Key": str(key or uuid7())}
        return self._answer(self._http.post(path, json=body, headers=headers), expect)

    def wait(self, path: str, until: Callable[[Json], bool]) -> Json:
        """Repeat a GET request until its response meets a condition, and return that response.

        Raises:
            TourFailed: no response has met it after 20 seconds.
        """
        deadline = time.monotonic() + WAIT_S_MAX
        while not until(body := self.get(path)):
            if time.monotonic() > deadline:
                raise TourFailed(f"{self.name} waited {WAIT_S_MAX:.0f} s at {path}; the last response was {body}.")
            time.sleep(POLL_S)
        return body

    def _answer(self, response: httpx.Response, expect: int) -> Json:
        self._check(response, expect)
        answer: Json = response.json() if response.content else {}
        return answer

    def _check(self, response: httpx.Response, expect: int) -> None:
        if response.status_code != expect:
            request = response.request
            raise TourFailed(
                f"{self.name}: {request.method} {request.url} returned {response.status_code}, "
                f"not {expect}: {response.text[:500]}"
            )


def pay_by_card(checkout_url: str, card: str) -> None:
    """Submit a card number to the provider's checkout page.

    Raises:
        TourFailed: the provider refused it.
    """
    response = httpx.post(f"{checkout_url.rstrip('/')}/pay", json={"card": card}, timeout=REQUEST_S_MAX)
    if response.status_code >= httpx.codes.BAD_REQUEST:
        raise TourFailed(f"The provider refused the card: {response.text[:500]}")
