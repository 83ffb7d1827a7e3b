"""Build the gateway's web application from its books."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from adapters.sandbox import customer_routes, shop_routes
from adapters.sandbox.books import Books
from adapters.sandbox.gateway import Gateway
from adapters.sandbox.records import SandboxRefused
from adapters.sandbox.webhooks import Courier

BODY_BYTES_MAX = 16 * 1024
HANG_S = 10.0
LATE_S = 2.0


def make_sandbox(
    books: Books,
    *,
    api_key: str,
    webhook_url: str,
    webhook_secret: str,
    base_url: str,
    hang_s: float = HANG_S,
    late_s: float = LATE_S,
) -> FastAPI:
    """Return the application; while it runs, webhooks leave for `webhook_url`.

    Args:
        base_url: where this process is reached, without a slash at the end.
        hang_s: how long a request that shall time out is held.
        late_s: how long after its expiry a late card is captured, and how long a pending refund stays so.
    """
    courier = Courier(books, url=webhook_url, secret=webhook_secret)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with courier.running():
            yield

    app = FastAPI(
        title="Seatledger sandbox gateway",
        lifespan=lifespan,
        max_body_size=BODY_BYTES_MAX,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.gateway = Gateway(
        books=books,
        courier=courier,
        api_key=api_key,
        base_url=base_url,
        hang_s=hang_s,
        late_by=timedelta(seconds=late_s),
    )
    app.include_router(customer_routes.router)
    app.include_router(shop_routes.router)
    app.add_exception_handler(SandboxRefused, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _http_error)
    return app


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"code": code, "detail": detail}, status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, SandboxRefused)
    return _problem(error.status, error.code, str(error))


async def _not_understood(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return _problem(422, "bad_request", faults.encode("ascii", "backslashreplace").decode())


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, f"http_{error.status_code}", str(error.detail), error.headers)
