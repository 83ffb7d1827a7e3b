"""The data folder of a local installation, and the settings that other commands derive from it."""

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
    """The data folder: servers, secrets, logs, the sandbox's ledger, the demo's accounts."""

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
        """The folder of the parts' logs."""
        return self.data / "logs"

    @property
    def heartbeats(self) -> Path:
        """The folder of the parts' heartbeat files."""
        return self.data / "heartbeats"

    @property
    def sandbox_ledger(self) -> Path:
        """The sandbox gateway's database file."""
        return self.data / "sandbox.sqlite"

    @property
    def demo_accounts(self) -> Path:
        """The file with the demo's accounts and their password."""
        return self.data / "demo-accounts.json"

    @property
    def api_url(self) -> str:
        """The address on which this folder's API listens, or listened last."""
        port = self._api_port.read_text() if self._api_port.exists() else str(API_PORT)
        return f"http://{LOOPBACK}:{port}"

    def save_api_port(self, port: int) -> None:
        """Save the API's port, for commands in another terminal."""
        write_private(self._api_port, str(port))

    @property
    def _api_port(self) -> Path:
        return self.data / "api-port"

    def secret_key(self) -> str:
        """Return the secret of this folder; the first call generates it, readable only by its owner."""
        return persisted_secret(self.data / "secret-key")

    def sandbox_port(self) -> int:
        """Return the sandbox gateway's port; the first call chooses it."""
        return persisted_port(self.data / "sandbox-port")

    def environment(self) -> dict[str, str]:
        """Return the settings of this installation by variable, without those that the environment sets."""
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
    """Return whether the environment sets a setting to a value that is not empty."""
    return bool(os.environ.get(PREFIX + name))


def data_folder(data: Path | None = None) -> Path:
    """Return the data folder: the argument, else SEATLEDGER_DATA, else `var` in the current folder."""
    return (data or Path(os.environ.get(PREFIX + "DATA") or DEFAULT_DATA)).absolute()


def local_settings(data: Path | None = None) -> Settings:
    """Return the environment's settings; if they name no database, those of the installation in the data folder.

    Raises:
        SettingsRefused: the environment's settings are invalid, or the folder holds no installation.
    """
    directory = DataDirectory(data_folder(data))
    if any(map(is_set, DATABASE_SETTINGS)):
        return load_settings()
    if not (directory.data / "sandbox-port").exists():
        raise SettingsRefused(
            f"There is no Seatledger data in {directory.data}: name its folder with --data or {PREFIX}DATA, or set "
            f"{PREFIX}DATABASE_URL for a database of your own."
        )
    prefix = len(PREFIX)
    values: dict[str, Any] = {name[prefix:].lower(): value for name, value in directory.environment().items()}
    return Settings(**values)


def local_seal_archive(data: Path | None = None) -> Path:
    """Return the directory of the seal archive, for a command that needs no other setting."""
    return Path(os.environ.get(PREFIX + "SEALS") or data_folder(data) / "seals")
