"""The embedded PostgreSQL: what it is like for those who use it."""

import psycopg
import pytest

from runtime.embedded import EmbeddedPostgres


class TestServer:
    def test_its_owner_may_create_roles_and_databases(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "SELECT rolsuper, current_user FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        assert row == (True, "seatledger")

    def test_the_oldest_supported_version_runs_too(self, postgres16_server: EmbeddedPostgres) -> None:
        with psycopg.connect(postgres16_server.url) as connection:
            assert connection.info.server_version // 10_000 == 16

    def test_a_stranger_is_refused(self, postgres_server: EmbeddedPostgres) -> None:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(postgres_server.url, password="guessed")
