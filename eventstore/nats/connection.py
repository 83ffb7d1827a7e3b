"""A connection to NATS that may be absent: opened in the background, and reconnected whenever it is lost."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from nats import errors

from eventstore.nats.errors import NatsTooOld, NatsUnavailable
from eventstore.nats.raw_client import RawMessageClient
from eventstore.tasks import cancel_and_wait

VERSION_MIN = (2, 12)
CONNECT_TIMEOUT_S = 2
RECONNECT_PAUSE_S = 0.2
PING_INTERVAL_S = 2
PINGS_OUTSTANDING_MAX = 2
CLOSE_TIMEOUT_S = 2.0

_log = structlog.get_logger(__name__)


class NatsConnection:
    """One connection to NATS, which may be absent.

    Args:
        url: with user and password.
        name: names the connection for the server.
    """

    def __init__(self, url: str, *, name: str) -> None:
        self._url = url
        self._name = name
        self._client: RawMessageClient | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._too_old: NatsTooOld | None = None

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def open(self) -> None:
        """Start to connect in the background, whether NATS is running or not."""
        self._connecting = asyncio.create_task(self._connect(), name=f"connect {self._name} to NATS")

    async def close(self) -> None:
        """Disconnect."""
        if self._connecting is not None:
            await cancel_and_wait(self._connecting)
        if self._client is not None:
            with suppress(errors.Error, TimeoutError, OSError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._client.close()

    def client(self) -> RawMessageClient:
        """Return the connected client.

        Raises:
            NatsUnavailable: there is no connection at the moment.
            NatsTooOld: the server is too old.
        """
        if self._too_old is not None:
            raise self._too_old
        if self._client is None or not self._client.is_connected:
            raise NatsUnavailable("NATS is not connected")
        return self._client

    async def _connect(self) -> None:
        client = RawMessageClient()
        await client.connect(
            self._url,
            name=f"seatledger {self._name}",
            connect_timeout=CONNECT_TIMEOUT_S,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_PAUSE_S,  # type: ignore[arg-type]  # only passed to asyncio.sleep
            ping_interval=PING_INTERVAL_S,
            max_outstanding_pings=PINGS_OUTSTANDING_MAX,
            pending_size=0,  # messages that cannot be sent now must not be sent later
            error_cb=self._on_error,
            reconnected_cb=self._check_version,
        )
        self._client = client
        await self._check_version()

    async def _check_version(self) -> None:
        if self._client is not None:
            try:
                version = self._client.connected_server_version
                check_version(version.major, version.minor)
                self._too_old = None
            except NatsTooOld as refusal:
                self._too_old = refusal

    async def _on_error(self, error: Exception) -> None:
        _log.info("nats: connection error", connection=self._name, error=str(error) or type(error).__name__)


def check_version(major: int, minor: int) -> None:
    """Check that nats-server is new enough.

    Raises:
        NatsTooOld: it is not; the message names the remedy.
    """
    if (major, minor) < VERSION_MIN:
        raise NatsTooOld(
            f"nats-server {major}.{minor} is too old: seatledger needs {VERSION_MIN[0]}.{VERSION_MIN[1]} or newer. "
            "Point SEATLEDGER_NATS_URL at a newer server (Debian's own package is too old), or leave it unset to use "
            "the embedded one."
        )
