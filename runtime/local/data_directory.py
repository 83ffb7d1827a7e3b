"""Where everything on one machine is kept, and how a command in another terminal finds what is running there."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.local.embedded import EmbeddedNats, EmbeddedPostgres
from runtime.local.embedded.persisted_values import persisted_port, persisted_secret, write_private
from runtime.settings import PREFIX, Settings, SettingsRefused, load_settings

LOOPBACK = "127.0.0.1"
API_PORT = 8000
DEFAULT_DATA = "var"
DATABASE_SETTINGS = ("DATABASE_URL", "APP_DATABASE_URL", "PROJECTOR_DATABASE_URL", "SEALER_DATABASE_URL")


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The data folder of one machine's shop: servers, secrets, logs, the sandbox's books, the demo's accounts."""

    data: Path

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The embedded database, not started."""
        return EmbeddedPostgres(self.data / "postgres")

    @property
    def nats(self) -> EmbeddedNats:
        """The embedded NATS, not started."""
        return EmbeddedNats(self.data / "nats")

    @property
    def logs(self) -> Path:
        """Where every part's output goes."""
        return self.data / "logs"

    @property
    def heartbeats(self) -> Path:
        """Where each part shows that it lives."""
        return self.data / "heartbeats"

    @property
    def sandbox_books(self) -> Path:
        """The sandbox gateway's own file."""
        return self.data / "sandbox.sqlite"

    @property
    def demo_accounts(self) -> Path:
        """The demo's accounts and their password."""
        return self.data / "demo-accounts.json"

    @property
    def api_url(self) -> str:
        """Where the API of this folder's shop listens, or listened last."""
        port = self._api_port.read_text() if self._api_port.exists() else str(API_PORT)
        return f"http://{LOOPBACK}:{port}"

    def keep_api_port(self, port: int) -> None:
        """Keep where the API listens, for commands in another terminal."""
        write_private(self._api_port, str(port))

    @property
    def _api_port(self) -> Path:
        return self.data / "api-port"

    def secret_key(self) -> str:
        """Return the secret of this folder, made at the first start and kept readable by its owner alone."""
        return persisted_secret(self.data / "secret-key")

    def sandbox_port(self) -> int:
        """Return the sandbox gateway's port, drawn at the first start."""
        return persisted_port(self.data / "sandbox-port")

    def environment(self) -> dict[str, str]:
        """Return the settings of what runs here, without those that the environment gives itself."""
        found = {"DATA": str(self.data), "DEMO": "true", "HEARTBEATS": str(self.heartbeats)}
        if not is_set("SECRET_KEY"):
            found["SECRET_KEY"] = self.secret_key()
        if not is_set("DATABASE_URL"):
            found["DATABASE_URL"] = self.postgres.url
            if not is_set("ROLE_SECRET"):
                found["ROLE_SECRET"] = persisted_secret(self.data / "role-secret")
        if not is_set("NATS_URL"):
            found["NATS_URL"], found["RELAY_NATS_URL"] = self.nats.app_url, self.nats.relay_url
        if not is_set("SANDBOX_URL"):
            found["SANDBOX_URL"] = f"http://{LOOPBACK}:{(self.data / 'sandbox-port').read_text()}"
            found["SANDBOX_API_KEY"] = persisted_secret(self.data / "sandbox-api-key")
            found["SANDBOX_WEBHOOK_SECRET"] = persisted_secret(self.data / "sandbox-webhook-secret")
        return {PREFIX + name: value for name, value in found.items()}


def is_set(name: str) -> bool:
    """Say whether the environment gives a setting."""
    return bool(os.environ.get(PREFIX + name))


def data_folder(data: Path | None = None) -> Path:
    """Return the data folder that is meant: the one named, else SEATLEDGER_DATA, else `var` here."""
    return (data or Path(os.environ.get(PREFIX + "DATA") or DEFAULT_DATA)).absolute()


def local_settings(data: Path | None = None) -> Settings:
    """Return the environment's settings; without a database there, those of the shop in the data folder.

    Raises:
        SettingsRefused: neither makes sense, or there is no shop in the folder.
    """
    directory = DataDirectory(data_folder(data))
    if any(map(is_set, DATABASE_SETTINGS)):
        return load_settings()
    if not (directory.data / "sandbox-port").exists():
        raise SettingsRefused(
            f"There is no shop in {directory.data}: name its folder with --data or {PREFIX}DATA, or set "
            f"{PREFIX}DATABASE_URL for a database of your own."
        )
    prefix = len(PREFIX)
    here: dict[str, Any] = {name[prefix:].lower(): value for name, value in directory.environment().items()}
    return Settings(**here)


def second_place_here(data: Path | None = None) -> Path:
    """Return where seals are written, for a command that needs nothing else of the shop."""
    return Path(os.environ.get(PREFIX + "SEALS") or data_folder(data) / "seals")
