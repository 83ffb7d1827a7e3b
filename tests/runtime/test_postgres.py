"""The embedded PostgreSQL: what it is like for those who use it."""

from pathlib import Path

import psycopg
import pytest

from runtime.local.embedded import EmbeddedPostgres
from runtime.local.embedded.postgres import WAL_SEGMENT_MB


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

    def test_an_idle_session_does_not_hold_up_the_stop(self, folder: Path) -> None:
        with EmbeddedPostgres(folder, fast=True) as server, psycopg.connect(server.url):
            server.stop()
            assert "database system is shut down" in server.log.read_text().splitlines()[-1]
            assert "immediate shutdown" not in server.log.read_text()

    def test_what_it_promises_about_power_cuts_is_switched_on(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
            names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
            found = {name: connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names}
        assert set(found.values()) == {("on",)}

    def test_a_new_segment_of_its_log_keeps_nobody_waiting_for_long(self, postgres_server: EmbeddedPostgres) -> None:
        with psycopg.connect(postgres_server.url) as connection:
            assert connection.execute("SHOW wal_segment_size").fetchone() == (f"{WAL_SEGMENT_MB}MB",)
