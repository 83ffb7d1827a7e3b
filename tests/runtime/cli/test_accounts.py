"""`seatledger accounts`, typed against a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from typer.testing import CliRunner, Result

from domain.account import ACCOUNT, OpenAccount
from domain.values import Role
from runtime.cli.main import app
from runtime.database import migrate_all
from runtime.local.embedded import EmbeddedPostgres
from tests.api.shop import V1, open_shop, settings_for
from tests.databases import SECRET_KEY, fresh_database

Type = Callable[..., Result]
EMAIL = "ann@example.com"


@pytest.fixture
async def url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The owner's address of a migrated database."""
    with fresh_database(postgres_server) as url:
        await migrate_all(settings_for(url))
        yield url


@pytest.fixture
def typed(url: str, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command with a password, and return what came of it."""
    monkeypatch.setenv("SEATLEDGER_DATABASE_URL", url)
    monkeypatch.setenv("SEATLEDGER_SECRET_KEY", SECRET_KEY)
    return lambda password, *words: CliRunner().invoke(app, ["accounts", *words], input=f"{password}\n")


class TestCreate:
    async def test_given_an_address_with_an_account_then_it_gets_the_role_and_the_password(self, typed: Type) -> None:
        first = await asyncio.to_thread(typed, "first password", "create", EMAIL, "--role", "support")
        assert first.exit_code == 0, first.output
        again = await asyncio.to_thread(typed, "second password", "create", f" {EMAIL} ", "--role", "admin")
        assert again.exit_code == 0, again.output
        assert again.stdout.split() == first.stdout.split()
        assert "role admin added" in again.stderr

    async def test_given_what_cannot_be_taken_then_it_is_refused_in_plain_words(self, typed: Type) -> None:
        for password, email, words in (
            ("first\0password", EMAIL, "password: must be text without NUL characters"),
            ("first password", "nobody", "email: must be an e-mail address"),
        ):
            answer = await asyncio.to_thread(typed, password, "create", email, "--role", "admin")
            assert (answer.exit_code, words in str(answer.exception)) == (1, True)

    async def test_given_it_was_mended_then_old_sessions_and_passwords_are_worth_nothing(
        self, url: str, typed: Type
    ) -> None:
        made = await asyncio.to_thread(typed, "first password", "create", EMAIL, "--role", "support")
        async with open_shop(settings_for(url)) as shop:
            old = {"email": EMAIL, "password": "first password"}
            assert (await shop.client.post(f"{V1}/auth/login", json=old)).status_code == 200
            await asyncio.to_thread(typed, "second password", "create", EMAIL, "--role", "admin")
            assert (await shop.client.post(f"{V1}/auth/refresh")).status_code == 401
            assert (await shop.client.post(f"{V1}/auth/login", json=old)).status_code == 401
            new = {"email": EMAIL, "password": "second password"}
            assert (await shop.client.post(f"{V1}/auth/login", json=new)).status_code == 200
            state = await shop.engine.handler.query(lambda context: context.read(ACCOUNT, made.stdout.strip()))
            assert isinstance(state, OpenAccount)
            assert state.roles == {Role.SUPPORT, Role.ADMIN}
