"""The API as a process: uvicorn on uvloop and httptools, one worker, loopback unless told otherwise."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import FrameType

import structlog
import uvicorn
import uvloop

from api.app import make_app
from api.dependencies import Services
from api.live import WATCHERS_MAX
from runtime.edge.connections import Edge
from runtime.edge.listening import listen_with_more
from runtime.edge.protocol import protocol_of
from runtime.exposure import refuse_unanswered
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
from runtime.tuning.interpreter import outdated
from runtime.wiring import open_engine
from ui.page import pages

BACKLOG = 2_048
STOP_SECONDS_MAX = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM)
OPEN_FILES = 2 * WATCHERS_MAX
"""Connections of those who watch, as many of those who ask, and what is our own."""

_log = structlog.get_logger(__name__)


class ApiServer(uvicorn.Server):
    """Uvicorn that leaves the signal behind when it has stopped, so that what it used is closed in order.

    Args:
        on_stop: called at the signal, before those who are still connected are waited for.
    """

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and take new connections many at a time."""
        await super().startup(sockets)
        self.servers += await listen_with_more(self.servers, self._protocol, backlog=self.config.backlog)

    def _protocol(self) -> asyncio.Protocol:
        """Make what uvicorn makes for a new connection."""
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn calls it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop on a signal."""
        self._on_stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)


async def serve(settings: Settings) -> None:
    """Serve the API until a signal comes.

    Raises:
        StoreUnavailable: the database does not answer at the start.
        UnreadableLog: it says which event this program can't read.
    """
    edge = Edge(settings.edge, naming=settings.clients)
    async with open_engine(settings) as opened:
        warnings = tuple(filter(None, [outdated(), missing_provider_warning(opened)]))
        for warning in warnings:
            _log.warning(warning)
        terms = replace(opened.api_settings, warnings=warnings)
        services = replace(opened, api_settings=terms, counters={**opened.counters, **edge.counters()})
        config = uvicorn.Config(
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
        quiet = idle_detector(lambda: services.metrics.requests)
        looking = asyncio.gather(collect_young_periodically(), collect_all_when_idle(quiet), edge.watch())
        try:
            await ApiServer(config, on_stop=partial(close_streams, services)).serve()
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking  # a gathering that nobody waits for is logged as an error


def missing_provider_warning(services: Services) -> str | None:
    """Return a warning if nothing can be paid."""
    if services.gateways:
        return None
    return (
        "No payment provider is set, so no order can be paid: set SEATLEDGER_SANDBOX_URL, …_API_KEY and "
        "…_WEBHOOK_SECRET of the sandbox gateway (python -m sandbox_provider)."
    )


def close_streams(services: Services) -> None:
    """End the answers that never end by themselves, and leave those who wait a last moment."""
    services.deadlines.stop()
    services.live.end()
    services.projection_status.end()


def run_api(port: int | None = None) -> None:
    """Run the API as the environment says, until a signal comes.

    Args:
        port: in place of the environment's.
    """
    configure_logs()
    patch_wait_for()
    collect_in_small_batches()
    allow_open_files(OPEN_FILES)
    settings = load_settings()
    refuse_unanswered(settings)
    uvloop.run(serve(settings if port is None else settings.model_copy(update={"port": port})))
    disable_gc_at_exit()
