"""The part `seatledger api`: uvicorn with one worker on uvloop and httptools, on loopback by default."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Annotated

import structlog
import typer
import uvicorn
import uvloop

from api.app import make_app
from api.dependencies import Services
from api.live import WATCHERS_MAX
from runtime.edge.connections import Edge
from runtime.edge.listening import listen_with_more
from runtime.edge.protocol import protocol_of
from runtime.entrypoints.signals import add_stop_handler, remove_stop_handlers
from runtime.exposure import require_safe_exposure
from runtime.logging import configure_logs
from runtime.settings import Settings, load_settings
from runtime.tuning.asyncio_compat import patch_wait_for
from runtime.tuning.file_limits import allow_open_files
from runtime.tuning.gc_policy import (
    collect_all_when_idle,
    collect_in_small_batches,
    collect_young_periodically,
    disable_gc_at_exit,
    idle_detector,
)
from runtime.tuning.interpreter import interpreter_warning
from runtime.wiring import open_services
from ui.page import pages

BACKLOG = 2_048
STOP_SECONDS_MAX = 5
OPEN_FILES = 2 * WATCHERS_MAX
"""Connections that watch seat maps, as many for other requests; the process's own files are among the latter."""

_log = structlog.get_logger(__name__)


class ApiServer(uvicorn.Server):
    """Uvicorn that does not raise the signal again after its stop, so that the caller can close its resources.

    Args:
        on_stop: called at the signal, before open connections are waited for.
    """

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen with several handles a socket, to accept many connections in one iteration of the event loop."""
        await super().startup(sockets)
        self.servers += await listen_with_more(self.servers, self._protocol, backlog=self.config.backlog)

    def _protocol(self) -> asyncio.Protocol:
        """Return a protocol for a new connection, built with uvicorn's arguments."""
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn calls it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Call `on_stop`, then stop."""
        self._on_stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle stop signals while the block runs, without raising them again at its end."""
        add_stop_handler(lambda number: self.handle_exit(number, None))
        try:
            yield
        finally:
            remove_stop_handlers()


async def serve(settings: Settings) -> None:
    """Serve the API until a stop signal.

    Raises:
        StoreUnavailable: the database does not answer at the start.
        UnreadableLog: the log holds an event that this program can't read; the message names it.
    """
    edge = Edge(settings.edge, clients=settings.clients)
    async with open_services(settings) as opened:
        services = with_warnings_and_counters(opened, edge)
        for warning in services.api_settings.warnings:
            _log.warning(warning)
        is_idle = idle_detector(lambda: services.metrics.requests)
        upkeep = asyncio.gather(collect_young_periodically(), collect_all_when_idle(is_idle), edge.watch())
        try:
            config = uvicorn_config(settings, services, edge)
            await ApiServer(config, on_stop=partial(close_streams, services)).serve()
        finally:
            upkeep.cancel()
            with suppress(asyncio.CancelledError):
                await upkeep  # asyncio logs an error for a cancelled gathering that is not awaited


def with_warnings_and_counters(services: Services, edge: Edge) -> Services:
    """Return the services with the warnings that the API shows and the counters of the edge."""
    warnings = tuple(filter(None, [interpreter_warning(), missing_provider_warning(services)]))
    api_settings = replace(services.api_settings, warnings=warnings)
    return replace(services, api_settings=api_settings, counters={**services.counters, **edge.counters()})


def uvicorn_config(settings: Settings, services: Services, edge: Edge) -> uvicorn.Config:
    """Return the server's configuration, with the app and the edge's protocol."""
    return uvicorn.Config(
        make_app(services, pages=pages()),
        host=settings.host,
        port=settings.port,
        http=protocol_of(edge),
        proxy_headers=False,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )


def missing_provider_warning(services: Services) -> str | None:
    """Return a warning if no payment provider is configured."""
    if services.gateways:
        return None
    return (
        "No payment provider is configured, so no order can be paid: set SEATLEDGER_SANDBOX_URL, …_API_KEY and "
        "…_WEBHOOK_SECRET of the sandbox gateway (python -m sandbox_provider)."
    )


def close_streams(services: Services) -> None:
    """End the streaming responses, which have no end of their own, and shorten the deadlines of waiting requests."""
    services.deadlines.stop()
    services.live.end()
    services.projection_status.end()


def run_api(port: Annotated[int | None, typer.Option(help="The port, in place of SEATLEDGER_PORT.")] = None) -> None:
    """Serve the API."""
    configure_logs()
    patch_wait_for()
    collect_in_small_batches()
    allow_open_files(OPEN_FILES)
    settings = load_settings()
    require_safe_exposure(settings)
    uvloop.run(serve(settings if port is None else settings.model_copy(update={"port": port})))
    disable_gc_at_exit()
