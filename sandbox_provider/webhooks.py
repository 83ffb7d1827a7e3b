"""Deliver what the books have queued: signed, tried again with a back-off, and once more after a restart."""

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
    """Return the signature header's value: HMAC-SHA256 over `<unix seconds>.<body>`, so an old body can't look new."""
    seconds = int(now.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class WebhookSender:
    """Sends due webhooks to one address and does what the clock demands of the books, until it is stopped."""

    def __init__(self, ledger: Ledger, *, url: str, secret: str) -> None:
        self._ledger = ledger
        self._url = url
        self._secret = secret
        self._news = asyncio.Event()
        self._in_flight: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look at the books now instead of at the next tick."""
        self._news.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background; on the way out drop what is in flight, for the books still hold it."""
        await asyncio.to_thread(self._ledger.deliveries.retry_now, datetime.now(UTC))
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as client:
            rounds = asyncio.create_task(self._send_forever(client))
            try:
                yield
            finally:
                tasks = [rounds, *self._in_flight.values()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_forever(self, client: aiohttp.ClientSession) -> None:
        while True:
            try:
                await self._send_due(client)
            except Exception:  # noqa: BLE001 - the next round reads everything from the books again
                _log.exception("A round of deliveries failed.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_S):
                    await self._news.wait()
            self._news.clear()

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
        task.add_done_callback(lambda landed: self._on_delivered(landed, delivery))

    def _on_delivered(self, task: asyncio.Task[None], delivery: Delivery) -> None:
        del self._in_flight[delivery.delivery_id]
        if task.cancelled():
            return
        if error := task.exception():
            _log.error("What became of delivery %s could not be booked.", delivery.delivery_id, exc_info=error)
        else:
            self.wake()

    async def _deliver(self, client: aiohttp.ClientSession, delivery: Delivery) -> None:
        answer, accepted = await self._send(client, delivery)
        outcome = self._ledger.deliveries.delivered if accepted else self._ledger.deliveries.refused
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
