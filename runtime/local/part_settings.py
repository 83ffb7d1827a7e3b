"""Which settings each part is given: what its role needs, and nothing else."""

from collections.abc import Mapping

from eventstore.postgres.roles import APP_ROLE, PROJECTOR_ROLE, SEALER_ROLE
from runtime.local.supervision.forking import base_environment
from runtime.roles import url_of_role
from runtime.settings import PREFIX, Settings

EVERY_SETTING = frozenset(name.upper() for name in Settings.model_fields)

APP, PROJECTOR, SEALER = "APP_DATABASE_URL", "PROJECTOR_DATABASE_URL", "SEALER_DATABASE_URL"
GATEWAY_SECRETS = frozenset({"SANDBOX_API_KEY", "SANDBOX_WEBHOOK_SECRET"})

NOT_FOR_THE_API = frozenset({"DATABASE_URL", "ROLE_SECRET", "RELAY_NATS_URL", SEALER, "SEAL_KEY", "DEMO_PASSWORD"})
"""The database's owner and what its roles' passwords follow from, who may publish events, who signs seals."""

API = EVERY_SETTING - NOT_FOR_THE_API

PART_SETTINGS: Mapping[str, frozenset[str]] = {
    "sandbox": GATEWAY_SECRETS,
    "relay": frozenset({"DEMO", PROJECTOR, "RELAY_NATS_URL"}),
    "project": frozenset({"DEMO", PROJECTOR, "NATS_URL"}),
    "process": frozenset({"DEMO", APP, "SANDBOX_URL"}) | GATEWAY_SECRETS,
    "seal": frozenset({"DEMO", SEALER, "DATA", "SEALS", "SEAL_KEY"}),
    "api": API,
    "seed": API | {"DEMO_PASSWORD"},
}
"""The owner's DATABASE_URL is in none of them: only `seatledger migrate`, and `up` at its start, are the owner."""


def shop_environment(env: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the settings of a whole shop, with an address of the database for each role."""
    urls = {
        PREFIX + name: url_of_role(settings, role)
        for name, role in ((APP, APP_ROLE), (PROJECTOR, PROJECTOR_ROLE), (SEALER, SEALER_ROLE))
    }
    nats = env.get(f"{PREFIX}NATS_URL")
    relay = {f"{PREFIX}RELAY_NATS_URL": nats} if nats else {}
    return {**relay, **urls, **env}


def environment_of(part: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return what one part finds in its environment, of a whole shop's."""
    found = {PREFIX + name: env.get(PREFIX + name) for name in PART_SETTINGS[part]}
    return {**base_environment(env), **{name: value for name, value in found.items() if value}}
