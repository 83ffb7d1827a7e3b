"""Where everything on one machine is kept, and how a command in another terminal finds what is running there."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.embedded import EmbeddedNats, EmbeddedPostgres
from runtime.embedded.kept import kept_password, kept_port
from runtime.settings import PREFIX, Settings, load_settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ground:
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
    def sandbox_books(self) -> Path:
        """The sandbox gateway's own file."""
        return self.data / "sandbox.sqlite"

    @property
    def demo_accounts(self) -> Path:
        """The demo's accounts and their password."""
        return self.data / "demo-accounts.json"

    def secret_key(self) -> str:
        """Return the secret of this folder, made at the first start and kept readable by its owner alone."""
        return kept_password(self.data / "secret-key")

    def sandbox_port(self) -> int:
        """Return the sandbox gateway's port, drawn at the first start."""
        return kept_port(self.data / "sandbox-port")

    def environment(self) -> dict[str, str]:
        """Return the settings of what runs here, without those that the environment gives itself."""
        found = {"DATA": str(self.data), "DEMO": "true"}
        if not given("SECRET_KEY"):
            found["SECRET_KEY"] = self.secret_key()
        if not given("DATABASE_URL"):
            found["DATABASE_URL"] = self.postgres.url
        if not given("NATS_URL"):
            found["NATS_URL"], found["RELAY_NATS_URL"] = self.nats.app_url, self.nats.relay_url
        if not given("SANDBOX_URL"):
            found["SANDBOX_URL"] = f"http://{LOOPBACK}:{(self.data / 'sandbox-port').read_text()}"
            found["SANDBOX_API_KEY"] = kept_password(self.data / "sandbox-api-key")
            found["SANDBOX_WEBHOOK_SECRET"] = kept_password(self.data / "sandbox-webhook-secret")
        return {PREFIX + name: value for name, value in found.items()}


def given(name: str) -> bool:
    """Say whether the environment gives a setting."""
    return bool(os.environ.get(PREFIX + name))


def settings_here(data: Path | None = None) -> Settings:
    """Return the environment's settings; without a database there, those of the shop that runs in a data folder.

    Raises:
        SettingsRefused: neither makes sense.
    """
    ground = Ground((data or Path(os.environ.get(PREFIX + "DATA") or "var")).absolute())
    if given("DATABASE_URL") or not (ground.data / "sandbox-port").exists():
        return load_settings()
    prefix = len(PREFIX)
    here: dict[str, Any] = {name[prefix:].lower(): value for name, value in ground.environment().items()}
    return Settings(**here)
