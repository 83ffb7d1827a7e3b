"""The settings that each part receives: those that its role needs, and no others."""

from collections.abc import Mapping

from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, SEALER_ROLE
from runtime.database import url_of_role
from runtime.local.supervision.forking import base_environment
from runtime.settings import PREFIX, Settings

EVERY_SETTING = frozenset(name.upper() for name in Settings.model_fields)

APP, PROJECTOR, SEALER = "APP_DATABASE_URL", "PROJECTOR_DATABASE_URL", "SEALER_DATABASE_URL"
GATEWAY_SECRETS = frozenset({"SANDBOX_API_KEY", "SANDBOX_WEBHOOK_SECRET"})

WITHHELD_FROM_API = frozenset({"DATABASE_URL", "ROLE_SECRET", "RELAY_NATS_URL", SEALER, "SEAL_KEY", "DEMO_PASSWORD"})
"""The rights of the database's owner, of the publisher of events and of the sealer, and the roles' passwords."""

API = EVERY_SETTING - WITHHELD_FROM_API

PART_SETTINGS: Mapping[str, frozenset[str]] = {
    "sandbox": GATEWAY_SECRETS,
    "relay": frozenset({"DEMO", PROJECTOR, "RELAY_NATS_URL"}),
    "project": frozenset({"DEMO", PROJECTOR, "NATS_URL"}),
    "process": frozenset({"DEMO", APP, "SANDBOX_URL"}) | GATEWAY_SECRETS,
    "seal": frozenset({"DEMO", SEALER, "DATA", "SEALS", "SEAL_KEY"}),
    "api": API,
    "seed": API | {"DEMO_PASSWORD"},
}
"""None contains the owner's DATABASE_URL: only `seatledger migrate`, and `up` at its start, connect as the owner."""


def installation_environment(env: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the environment of a whole installation, with a database URL for each role."""
    urls = {
        PREFIX + name: url_of_role(settings, role)
        for name, role in ((APP, APP_ROLE), (PROJECTOR, PROJECTOR_ROLE), (SEALER, SEALER_ROLE))
    }
    nats = env.get(f"{PREFIX}NATS_URL")
    relay = {f"{PREFIX}RELAY_NATS_URL": nats} if nats else {}
    return {**relay, **urls, **env}


def environment_of(part: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return one part's environment: its settings out of the whole installation's, and the variables of the system."""
    settings = {PREFIX + name: env.get(PREFIX + name) for name in PART_SETTINGS[part]}
    return {**base_environment(env), **{name: value for name, value in settings.items() if value}}
