"""Client of the sandbox payment provider: implements `domain.ports.payment_gateway.PaymentGateway` over HTTP.

No connection, a timeout, a 5xx status and an invalid body raise `PaymentUnavailable`: the outcome is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Generic, Self, TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from adapters.sandbox_webhooks import read_webhook
from domain.ports.payment_gateway import (
    Checkout,
    LedgerEntry,
    LedgerEntryKind,
    LedgerPage,
    PaymentRefused,
    PaymentUnavailable,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
)

CONNECT_WITHIN_S = 2.0
ANSWER_WITHIN_S = 5.0
CONNECTIONS_MAX = 20
IDLE_S = 2.0
SUCCESS = range(200, 300)
CLIENT_ERROR = range(400, 500)
TOO_MANY_REQUESTS = 429
SHOWN_MAX = 200

Item = TypeVar("Item")
_Fields = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class _Items(Generic[Item]):
    items: tuple[Item, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: str
    detail: str


class _Numbered(BaseModel):
    """A ledger entry of which only the number must be readable."""

    model_config = ConfigDict(extra="allow")

    entry: int
    recorded_at: datetime | None = None


_CHECKOUT = TypeAdapter(Checkout)
_PAYMENT = TypeAdapter(ProviderPayment)
_PAYMENTS = TypeAdapter(_Items[ProviderPayment])
_REFUND = TypeAdapter(ProviderRefund)
_REFUNDS = TypeAdapter(_Items[ProviderRefund])
_ENTRY = TypeAdapter(LedgerEntry)
_NUMBERED = TypeAdapter(_Items[_Numbered])
_REFUSAL = TypeAdapter(_Refusal)


class SandboxGateway:
    """Client of one sandbox gateway; bound to the event loop of its first use. Close it after use."""

    def __init__(
        self, base_url: str, api_key: str, webhook_secret: str, *, answer_within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._root = f"{base_url.rstrip('/')}/sandbox"
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._webhook_secret = webhook_secret
        self._answer_within_s = answer_within_s
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def open_checkout(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        expires_at: datetime,
        return_url: str,
        description: str,
    ) -> Checkout:
        """Open the checkout of a reference, or return the existing one; see `PaymentGateway`."""
        body: _Fields = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "expires_at": expires_at.isoformat(),
            "return_url": return_url,
            "description": description,
        }
        return _read(_CHECKOUT, await self._request("POST", "/checkouts", json=body))

    async def expire_checkout(self, checkout_id: str) -> ProviderPayment:
        """End an unpaid checkout; see `PaymentGateway`."""
        return _read(_PAYMENT, await self._request("POST", f"/checkouts/{quote(checkout_id, safe='')}/expire"))

    async def find_payment(self, reference: str) -> ProviderPayment | None:
        """Find a payment by our reference; see `PaymentGateway`."""
        response_body = await self._request("GET", "/checkouts", params={"reference": reference})
        return next(iter(_read(_PAYMENTS, response_body).items), None)

    async def submit_refund(self, *, reference: str, checkout_id: str, amount: int, currency: str) -> ProviderRefund:
        """Submit the refund of a reference, or return the existing one; see `PaymentGateway`."""
        body: _Fields = {"reference": reference, "checkout_id": checkout_id, "amount": amount, "currency": currency}
        return _read(_REFUND, await self._request("POST", "/refunds", json=body))

    async def find_refund(self, reference: str) -> ProviderRefund | None:
        """Find a refund by our reference; see `PaymentGateway`."""
        response_body = await self._request("GET", "/refunds", params={"reference": reference})
        return next(iter(_read(_REFUNDS, response_body).items), None)

    async def list_ledger(self, *, after: int = 0, limit: int = 100) -> LedgerPage:
        """Return a page of the provider's ledger, oldest entry first; see `PaymentGateway`.

        An entry that cannot be parsed has the kind `unreadable`.
        """
        page = _read(_NUMBERED, await self._request("GET", "/books", params={"after": after, "limit": limit}))
        return LedgerPage(entries=tuple(_entry(item) for item in page.items), next_cursor=page.next)

    def read_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Verify and parse one webhook; see `PaymentGateway`."""
        return read_webhook(secret=self._webhook_secret, headers=headers, body=body, now=now)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: _Fields | None = None,
        json: _Fields | None = None,
    ) -> bytes:
        try:
            async with self._session.request(
                method, self._root + path, params=params, json=json, allow_redirects=False
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PaymentUnavailable(f"No response_body from the sandbox gateway: {type(error).__name__}") from error
        if response.status in SUCCESS:
            return content
        if response.status in CLIENT_ERROR and response.status != TOO_MANY_REQUESTS:
            refusal = _read(_REFUSAL, content)
            raise PaymentRefused(refusal.code, refusal.detail[:SHOWN_MAX])
        raise PaymentUnavailable(f"The sandbox gateway answered {response.status}")

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=IDLE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=self._answer_within_s, sock_connect=CONNECT_WITHIN_S),
            )
        return self._opened


def _entry(item: _Numbered) -> LedgerEntry:
    try:
        return _ENTRY.validate_python(item.model_dump())
    except ValidationError:
        return LedgerEntry(
            entry=item.entry,
            kind=LedgerEntryKind.UNREADABLE,
            reference="",
            checkout_id="",
            amount=0,
            currency="",
            recorded_at=item.recorded_at or datetime.fromtimestamp(0, UTC),
        )


def _read(shape: TypeAdapter[Item], content: bytes) -> Item:
    try:
        return shape.validate_json(content)
    except ValidationError as error:
        raise PaymentUnavailable("The sandbox gateway's response_body is not valid") from error
