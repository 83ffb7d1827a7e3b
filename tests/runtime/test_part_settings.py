"""Which part is given which settings."""

import pytest

from runtime.local.part_settings import EVERY_SETTING, PART_SETTINGS, environment_of, installation_environment
from runtime.settings import PREFIX, Settings

OF_THE_OWNER = {"DATABASE_URL", "ROLE_SECRET"}
SIGNING_SECRETS = {
    "SECRET_KEY",
    "TOKEN_SECRET",
    "TICKET_SECRET",
    "PREVIOUS_TOKEN_SECRETS",
    "PREVIOUS_TICKET_SECRETS",
}
SECRETS = {*SIGNING_SECRETS, *OF_THE_OWNER, "SEAL_KEY", "DEMO_PASSWORD"}
ENV = {
    "PATH": "/usr/bin",
    "CLOUD_TOKEN": "somebody else's",
    **{PREFIX + name: f"the {name}" for name in EVERY_SETTING},
}


def given(part: str) -> set[str]:
    """Return the names of the settings that a part is given."""
    return {name.removeprefix(PREFIX) for name in environment_of(part, ENV) if name.startswith(PREFIX)}


class TestPartSettings:
    def test_every_setting_is_for_some_part_or_for_the_owner(self) -> None:
        assert frozenset().union(*PART_SETTINGS.values()) == EVERY_SETTING - OF_THE_OWNER

    @pytest.mark.parametrize("part", sorted(PART_SETTINGS))
    def test_no_part_is_the_owner_of_the_database(self, part: str) -> None:
        assert "DATABASE_URL" not in given(part)

    @pytest.mark.parametrize(
        ("part", "secrets"),
        [
            ("sandbox", set()),
            ("relay", set()),
            ("project", set()),
            ("process", set()),
            ("seal", {"SEAL_KEY"}),
            ("api", SIGNING_SECRETS),
        ],
    )
    def test_a_part_is_given_the_secrets_of_its_role_alone(self, part: str, secrets: set[str]) -> None:
        assert given(part) & SECRETS == secrets

    def test_the_sandbox_is_given_its_two_secrets_and_nothing_else(self) -> None:
        assert given("sandbox") == {"SANDBOX_API_KEY", "SANDBOX_WEBHOOK_SECRET"}

    def test_what_is_no_setting_of_ours_is_passed_on_only_if_every_program_needs_it(self) -> None:
        found = environment_of("relay", ENV)
        assert found["PATH"] == "/usr/bin"
        assert "CLOUD_TOKEN" not in found

    def test_each_role_gets_an_address_of_its_own(self) -> None:
        settings = Settings(demo=True, database_url="postgresql://owner:secret@127.0.0.1/shop")
        env = installation_environment({f"{PREFIX}NATS_URL": "nats://app@127.0.0.1"}, settings)
        assert "user=shop_app" in env[f"{PREFIX}APP_DATABASE_URL"]
        assert "user=shop_projector" in env[f"{PREFIX}PROJECTOR_DATABASE_URL"]
        assert env[f"{PREFIX}RELAY_NATS_URL"] == "nats://app@127.0.0.1"
