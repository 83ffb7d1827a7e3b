"""What a part of a running shop can read of its settings from outside, and what it works as in the database."""

from pathlib import Path

import psycopg

from runtime.settings import PREFIX
from tests.system.child_processes import child_processes
from tests.system.killing import process_of
from tests.system.shop import Shop, until

FORKED = ("sandbox", "relay", "project", "process", "seal", "api")
OWNER = "seatledger"
PART_ROLES = {"seatledger_app", "seatledger_projector", "seatledger_sealer"}


def roles_at_work(shop: Shop) -> set[str]:
    """Return the roles of the sessions that there are; a part that starts again has none for a moment."""
    with psycopg.connect(shop.settings.required_database_url) as connection:
        sessions = connection.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND usename <> '' AND pid <> pg_backend_pid()"
        ).fetchall()
    return {role for (role,) in sessions}


class TestPartSettings:
    def test_no_process_shows_a_secret_in_its_environment(self, shop: Shop) -> None:
        secrets = [
            (shop.data / name).read_text() for name in ("secret-key", "sandbox-api-key", "sandbox-webhook-secret")
        ]
        secrets.append((shop.data / "postgres" / "password").read_text())
        for pid, command in child_processes(shop.process.pid).items():
            shown = Path(f"/proc/{pid}/environ").read_bytes().decode()
            assert PREFIX not in shown, command
            assert not [secret for secret in secrets if secret in shown or secret in command], command

    def test_no_part_is_the_owner_of_the_database(self, shop: Shop) -> None:
        seen: set[str] = set()

        def every_role_was_seen() -> bool:
            seen.update(roles_at_work(shop))
            return seen >= PART_ROLES

        until(every_role_was_seen, "a session of every part's role")
        assert seen == PART_ROLES

    def test_what_is_written_is_closed_to_other_accounts(self, shop: Shop) -> None:
        for path in (shop.data, shop.data / "sandbox.sqlite", shop.data / "logs" / "api.log", shop.data / "seals"):
            assert path.stat().st_mode & 0o077 == 0, path

    def test_each_part_is_a_process_with_a_command_line_of_its_own(self, shop: Shop) -> None:
        assert len({process_of(shop, part) for part in FORKED}) == len(FORKED)
