"""Sending of signed webhooks, with back-off between attempts."""

import asyncio
import contextlib
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp

from sandbox_provider.ledger import Ledger
from sandbox_provider.models import Delivery

SIGNATURE_HEADER = "Seatledger-Sandbox-Signature"
IN_FLIGHT_MAX = 8
ANSWER_WITHIN_S = 5.0
POLL_INTERVAL_S = 0.2
ANSWER_SHOWN_MAX = 200
SUCCESS = range(200, 300)

_log = logging.getLogger(__name__)


def sign(secret: str, body: bytes, now: datetime) -> str:
    """Return the signature header: HMAC-SHA256 over `<unix seconds>.<body>`, which also protects the time."""
    seconds = int(now.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class WebhookSender:
    """Sends due webhooks to one URL, and settles due checkouts and refunds, until it is stopped."""

    def __init__(self, ledger: Ledger, *, url: str, secret: str) -> None:
        self._ledger = ledger
        self._url = url
        self._secret = secret
        self._wake_up = asyncio.Event()
        self._in_flight: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Start the next round now instead of after `POLL_INTERVAL_S`."""
        self._wake_up.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run in the background during the block; requests in flight are cancelled at its end and stay pending."""
        await asyncio.to_thread(self._ledger.deliveries.retry_now, datetime.now(UTC))
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as client:
            sending = asyncio.create_task(self._send_forever(client))
            try:
                yield
            finally:
                tasks = [sending, *self._in_flight.values()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_forever(self, client: aiohttp.ClientSession) -> None:
        while True:
            try:
                await self._send_due(client)
            except Exception:  # noqa: BLE001 - the next round reads all due deliveries again
                _log.exception("A round of deliveries failed; the next one retries.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_S):
                    await self._wake_up.wait()
            self._wake_up.clear()

    async def _send_due(self, client: aiohttp.ClientSession) -> None:
        now = datetime.now(UTC)
        await asyncio.to_thread(self._ledger.settle_due, now)
        due = await asyncio.to_thread(self._ledger.deliveries.due, now, limit=IN_FLIGHT_MAX + len(self._in_flight))
        for delivery in due:
            if len(self._in_flight) < IN_FLIGHT_MAX and delivery.delivery_id not in self._in_flight:
                self._start(client, delivery)

    def _start(self, client: aiohttp.ClientSession, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(client, delivery))
        self._in_flight[delivery.delivery_id] = task
        task.add_done_callback(lambda done: self._on_delivered(done, delivery))

    def _on_delivered(self, task: asyncio.Task[None], delivery: Delivery) -> None:
        del self._in_flight[delivery.delivery_id]
        if task.cancelled():
            return
        if error := task.exception():
            _log.error("The result of delivery %s could not be stored.", delivery.delivery_id, exc_info=error)
        else:
            self.wake()

    async def _deliver(self, client: aiohttp.ClientSession, delivery: Delivery) -> None:
        answer, accepted = await self._send(client, delivery)
        outcome = self._ledger.deliveries.mark_delivered if accepted else self._ledger.deliveries.mark_failed
        await asyncio.to_thread(outcome, delivery, answer, datetime.now(UTC))

    async def _send(self, client: aiohttp.ClientSession, delivery: Delivery) -> tuple[str, bool]:
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: sign(self._secret, body, datetime.now(UTC)),
        }
        try:
            async with client.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"[:ANSWER_SHOWN_MAX], False
        return str(response.status), response.status in SUCCESS
