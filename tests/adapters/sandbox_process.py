"""The gateway in a subprocess, and a shop that receives its webhooks over HTTP."""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from adapters.sandbox_gateway import SandboxGateway
from domain.ports.payment_gateway import Checkout, LedgerEntry

API_KEY = "a key for tests only, of no use elsewhere"
WEBHOOK_SECRET = "a secret for tests only, of no use elsewhere"
HANG_S = 0.3
LATE_S = 0.2
PATIENCE_S = 10.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - other processes cannot set an event of this one
            await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Received:
    """One received webhook."""

    headers: dict[str, str]
    body: bytes
    at: datetime

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.body)
        return fields


class Shop:
    """Receives webhooks; answers 204, or the status in `refusing` for the reference."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.refusing: dict[str, list[int]] = {}
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the gateway was killed while it sent
                webhook = Received(dict(self.headers), body, datetime.now(UTC))
                shop.received.append(webhook)
                queue = shop.refusing.get(webhook.fields["reference"])
                self.send_response(queue.pop(0) if queue else 204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/sandbox"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def about(self, reference: str) -> list[Received]:
        return [webhook for webhook in list(self.received) if webhook.fields["reference"] == reference]

    def kinds(self, reference: str) -> list[str]:
        return [webhook.fields["type"] for webhook in self.about(reference)]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class SandboxProcess:
    """`python -m sandbox_provider` on a file, started on the port it had before."""

    def __init__(self, file: Path, webhook_url: str, hang_s: float = HANG_S) -> None:
        self.file = file
        self.webhook_url = webhook_url
        self.hang_s = hang_s
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        arguments = ["--file", str(self.file), "--port", str(self.port), "--webhook-url", self.webhook_url]
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sandbox_provider",
                *arguments,
                "--hang-s",
                str(self.hang_s),
                "--late-s",
                str(LATE_S),
            ],
            env={
                **os.environ,
                "SEATLEDGER_SANDBOX_API_KEY": API_KEY,
                "SEATLEDGER_SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), ready
        self.port = int(ready.rpartition(":")[2])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode

    def client(self) -> SandboxGateway:
        return SandboxGateway(self.url, API_KEY, WEBHOOK_SECRET)

    def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Call the provider's API as the shop's server, without our client."""
        headers = arguments.pop("headers", {"Authorization": f"Bearer {API_KEY}"})
        with httpx.Client(base_url=f"{self.url}/sandbox", timeout=PATIENCE_S, trust_env=False, verify=False) as client:
            return client.request(method, path, headers=headers, **arguments)

    def deliveries(self, checkout_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = self.ask("GET", "/deliveries", params={"after": after}).json()
            found += page["items"]
            after = page["next"]
        return [delivery for delivery in found if delivery["checkout_id"] == checkout_id]


@contextmanager
def running_sandbox(file: Path, webhook_url: str, *, hang_s: float = HANG_S) -> Iterator[SandboxProcess]:
    process = SandboxProcess(file, webhook_url, hang_s)
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Customer:
    """One checkout, and its payment in a browser."""

    checkout: Checkout

    async def pay(self, card: str, **fields: object) -> httpx.Response:
        return await self._post(self.checkout.url, {"card": card, **fields})

    async def confirm(self, decision: str) -> httpx.Response:
        return await self._post(f"{self.checkout.url}/confirm", {"decision": decision})

    async def _post(self, url: str, body: dict[str, object]) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, verify=False) as browser:
            return await browser.post(url, json=body)


def new_reference() -> str:
    return f"test-{secrets.token_hex(8)}"


async def open_checkout(
    client: SandboxGateway, *, reference: str = "", amount: int = 9_000, ttl_s: float = 600.0
) -> Customer:
    checkout = await client.open_checkout(
        reference=reference or new_reference(),
        amount=amount,
        currency="EUR",
        expires_at=datetime.now(UTC) + timedelta(seconds=ttl_s),
        return_url="http://127.0.0.1:8000/orders/one",
        description="Two seats <b>& a half</b>",
    )
    return Customer(checkout)


async def booked(client: SandboxGateway, checkout_id: str) -> list[LedgerEntry]:
    found: list[LedgerEntry] = []
    cursor: int | None = 0
    while cursor is not None:
        page = await client.list_ledger(after=cursor)
        found += [entry for entry in page.entries if entry.checkout_id == checkout_id]
        cursor = page.next_cursor
    return found
