"""The gateway's web application, in plain Starlette, which starts in half of FastAPI's time."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox_provider.gateway import Gateway
from sandbox_provider.http import customer_routes, merchant_routes
from sandbox_provider.ledger import Ledger
from sandbox_provider.models import SandboxRefused
from sandbox_provider.webhooks import WebhookSender

BODY_BYTES_MAX = 16 * 1024
HANG_S = 10.0
LATE_S = 2.0


def make_sandbox(
    ledger: Ledger,
    *,
    api_key: str,
    webhook_url: str,
    webhook_secret: str,
    base_url: str,
    hang_s: float = HANG_S,
    late_s: float = LATE_S,
) -> Starlette:
    """Return the application; while it runs, webhooks are sent to `webhook_url`.

    Args:
        base_url: URL of this process, without a slash at the end.
        hang_s: delay in seconds of a request that should time out.
        late_s: seconds between a checkout's expiry and a late capture, and duration of a pending refund.
    """
    webhook_sender = WebhookSender(ledger, url=webhook_url, secret=webhook_secret)

    app = _new_app(webhook_sender)
    app.state.gateway = Gateway(
        ledger=ledger,
        webhook_sender=webhook_sender,
        api_key=api_key,
        base_url=base_url,
        timeout_delay_s=hang_s,
        late_capture_delay=timedelta(seconds=late_s),
    )
    return app


def _new_app(webhook_sender: WebhookSender) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with webhook_sender.running():
            yield

    return Starlette(
        routes=[Route("/sandbox/checkouts/{checkout_id}", checkout), *customer_routes.ROUTES, *merchant_routes.ROUTES],
        exception_handlers={SandboxRefused: _refused, HTTPException: _http_error},
        lifespan=lifespan,
        max_body_size=BODY_BYTES_MAX,
    )


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "detail": detail}, status, headers)


async def checkout(request: Request) -> Response:
    """Return a checkout: as JSON to a request with an API key, as a page otherwise."""
    if "authorization" in request.headers:
        return await merchant_routes.read_checkout(request)
    return await customer_routes.show_checkout(request)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, SandboxRefused)
    return _problem(error.status, error.code, str(error))


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, f"http_{error.status_code}", error.detail, error.headers)
