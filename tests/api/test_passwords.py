"""Password hashing in a thread pool of its own."""

import asyncio
from collections.abc import Iterator

import pytest
from passlib.hash import bcrypt

from application.errors import Busy
from application.passwords import Passwords


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    opened = Passwords(waiting_max=3)
    yield opened
    opened.close()


class TestPasswords:
    async def test_given_a_hash_then_it_is_argon2id_of_the_stated_cost(self, passwords: Passwords) -> None:
        assert (await passwords.hash("correct horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    async def test_given_a_password_then_only_it_fits(self, passwords: Passwords) -> None:
        known = await passwords.hash("correct horse")
        assert (await passwords.verify("correct horse", known)).fits
        assert not (await passwords.verify("correct horsf", known)).fits

    async def test_given_no_hash_then_the_work_is_done_all_the_same(self, passwords: Passwords) -> None:
        assert not (await passwords.verify("no such account", None)).fits
        assert passwords.verified == 1

    async def test_given_one_text_written_in_two_ways_then_it_is_one_password(self, passwords: Passwords) -> None:
        known = await passwords.hash("caf\u00e9 au lait")
        assert (await passwords.verify("cafe\u0301 au lait", known)).fits

    @pytest.mark.parametrize("length", [60, 72, 73, 128])
    async def test_given_an_imported_bcrypt_hash_then_it_is_believed_and_replaced(
        self, passwords: Passwords, length: int
    ) -> None:
        imported = bcrypt.using(rounds=4).hash(("x" * length)[:72])
        verification = await passwords.verify("x" * length, imported)
        assert verification.fits
        assert verification.better_hash is not None
        assert verification.better_hash.startswith("$argon2id$")
        assert not (await passwords.verify("y" * length, imported)).fits

    async def test_given_a_full_pool_then_the_next_is_refused(self, passwords: Passwords) -> None:
        under_way = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await passwords.hash("correct horse")
        await asyncio.gather(*under_way)
        assert await passwords.hash("correct horse")
