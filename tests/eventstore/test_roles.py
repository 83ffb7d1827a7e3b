"""Login roles: their names contain the database's; their URLs are derived from the owner's."""

import psycopg
import pytest

from eventstore.postgres.roles import NAME_BYTES_MAX, ROLES, role_name, role_url, with_role_names


class TestRoleName:
    def test_given_a_database_then_its_name_begins_the_role(self) -> None:
        assert role_name("shop", "app") == "shop_app"

    def test_given_long_names_that_begin_alike_then_their_roles_differ_and_fit(self) -> None:
        names = {role_name("s\u00e9" * 40 + ending, role) for ending in "ab" for role in ROLES}
        assert len(names) == 2 * len(ROLES)
        assert all(len(name.encode()) <= NAME_BYTES_MAX for name in names)


class TestRoleUrl:
    def test_only_user_and_password_are_replaced(self) -> None:
        url = "postgresql://owner:secret@127.0.0.1:5432/shop?sslmode=disable&application_name=x"
        parts = psycopg.conninfo.conninfo_to_dict(role_url(url, "app", "p' w"))
        assert parts == {
            "user": "shop_app",
            "password": "p' w",
            "host": "127.0.0.1",
            "port": "5432",
            "dbname": "shop",
            "sslmode": "disable",
            "application_name": "x",
        }

    def test_given_no_database_then_it_is_the_one_that_libpq_takes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PGDATABASE", raising=False)
        assert "user=owner_app" in role_url("postgresql://owner@127.0.0.1", "app", "x")
        monkeypatch.setenv("PGDATABASE", "shop")
        assert "user=shop_app" in role_url("postgresql://owner@127.0.0.1", "app", "x")


class TestMigrations:
    def test_given_a_role_then_it_is_quoted_and_nothing_else_is_touched(self) -> None:
        text = """GRANT SELECT ON a TO :"app", :"sealer"; -- :app"""
        assert (
            with_role_names(text, 'my "shop') == """GRANT SELECT ON a TO "my ""shop_app", "my ""shop_sealer"; -- :app"""
        )
