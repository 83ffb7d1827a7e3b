"""The schema `records`: search for people, contacts stored once, layouts returned unchanged."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import psycopg
import pytest
from uuid_utils.compat import uuid7

from adapters.postgres.layouts import COUNTED_BYTES_MIN, LayoutInventories, PostgresLayouts
from adapters.postgres.people import PostgresPeople
from adapters.postgres.pool import RECORDS, Pool, open_pool_for_records
from domain.errors import NotFound
from domain.layout.formats.reading import read_layout
from domain.layout.native_writer import write_native
from domain.layout.publishing import publish
from domain.ports.personal_data import AddressTaken, Contact, Person, RecordsUnavailable
from eventstore.postgres.migrate import EVENTSTORE, migrate
from eventstore.postgres.roles import APP_ROLE, role_url
from tests.databases import role_password

GRID = {"sections": [{"name": "Stalls", "category": "A", "rows": 2, "seats_per_row": 3}]}
DOCUMENT = write_native(publish(read_layout("grid", GRID)))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections of the application's role to a migrated database."""
    await migrate(database_url, role_password=role_password, histories=(EVENTSTORE, RECORDS))
    async with open_pool_for_records(role_url(database_url, APP_ROLE, role_password(APP_ROLE))) as opened:
        yield opened


@pytest.fixture
def people(pool: Pool) -> PostgresPeople:
    return PostgresPeople(pool)


class CountingDocuments(PostgresLayouts):
    """The documents, with a count of reads."""

    asked = 0

    async def find(self, layout: str) -> bytes | None:
        """Return a layout's document."""
        self.asked += 1
        return await super().find(layout)


async def registered(people: PostgresPeople, *emails: str) -> list[Person]:
    """Register people, named after their addresses."""
    found = [Person(account=str(uuid7()), email=email, name=f"{email.split('@')[0].title()} Doe") for email in emails]
    for person in found:
        await people.register(person, "hash")
    return found


class TestPeople:
    async def test_given_a_person_then_it_is_found_by_account(self, people: PostgresPeople) -> None:
        ann, bob = await registered(people, "ann@example.com", "bob@example.com")
        assert await people.find(ann.account) == ann
        assert await people.find(str(uuid7())) is None
        assert await people.find_many([bob.account, str(uuid7())]) == {bob.account: bob}

    @pytest.mark.parametrize("same", ["email", "account"])
    async def test_given_the_address_or_the_account_again_then_nothing_is_kept(
        self, people: PostgresPeople, same: str
    ) -> None:
        (ann,) = await registered(people, "ann@example.com")
        other = {"account": str(uuid7()), "email": "bob@example.com", "name": "Bob", same: getattr(ann, same)}
        with pytest.raises(AddressTaken):
            await people.register(Person(**other), "hash")
        assert (await people.search("", after=None, limit=10)).people == [ann]

    async def test_given_a_text_then_names_and_addresses_are_searched_a_page_at_a_time(
        self, people: PostgresPeople
    ) -> None:
        ann, bob, cleo = await registered(people, "ann@example.com", "bob@example.com", "cleo@example.org")
        first = await people.search("DOE", after=None, limit=2)
        assert (first.people, first.next_cursor) == ([ann, bob], bob.email)
        second = await people.search("DOE", after=first.next_cursor, limit=2)
        assert (second.people, second.next_cursor) == ([cleo], None)
        assert (await people.search("example.ORG", after=None, limit=2)).people == [cleo]
        assert (await people.search("%", after=None, limit=2)).people == []

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("Jürgen Müller", ["muller", "MÜLLER ", "mueller", "  juergen  muller", "müller jür", "\u3000Mu"]),
            ("Åse Sørensen", ["ase", "aase", "sorensen", "soerensen"]),
            ("Łukasz Świątek", ["lukasz", "swiatek", "ŁUKASZ"]),
            ("Straßer", ["strasser", "straßer", "STRASSER"]),
            ("王小明", ["小明", "王"]),
        ],
    )
    async def test_given_a_name_then_it_is_found_in_any_spelling(
        self, people: PostgresPeople, name: str, typed: Sequence[str]
    ) -> None:
        await registered(people, "other@example.com")
        account = str(uuid7())
        await people.register(Person(account=account, email="x@example.org", name=name), "hash")
        for text in typed:
            assert [each.account for each in (await people.search(text, after=None, limit=5)).people] == [account], text
            assert list((await people.find_buyers(" ".join(text.split()), limit=5)).accounts) == (
                [account] if len(text.split()) == 1 else []
            ), text
        assert len((await people.search(" \t ", after=None, limit=5)).people) == 2

    async def test_given_exactly_one_page_then_nothing_follows(self, people: PostgresPeople) -> None:
        everybody = await registered(people, "ann@example.com", "bob@example.com")
        page = await people.search("", after=None, limit=2)
        assert (page.people, page.next_cursor) == (everybody, None)

    async def test_given_a_contact_twice_then_it_is_stored_once_and_the_same_data_under_another_id_separately(
        self, people: PostgresPeople
    ) -> None:
        first, second = (
            Contact(contact=str(uuid7()), account=str(uuid7()), email="ann@example.com", name="Ann") for _ in range(2)
        )
        for contact in (first, first, second):
            await people.save_contact(contact)
        assert await people.find_contact(first.contact) == first
        assert await people.find_contact(second.contact) == second
        assert await people.find_contact(str(uuid7())) is None


class TestLayouts:
    async def test_given_a_document_then_it_is_read_back_byte_for_byte_and_never_replaced(self, pool: Pool) -> None:
        layouts = PostgresLayouts(pool)
        await layouts.save("a", DOCUMENT)
        await layouts.save("a", b"other")
        assert await layouts.find("a") == DOCUMENT
        assert await layouts.find("b") is None

    async def test_given_the_application_then_it_can_neither_change_nor_drop_one(self, pool: Pool) -> None:
        for statement in ("UPDATE records.layout_document SET document = ''", "DELETE FROM records.layout_document"):
            async with pool.connection() as connection:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)

    async def test_given_concurrent_requests_then_the_inventory_is_built_once(self, pool: Pool) -> None:
        documents = CountingDocuments(pool)
        await documents.save("a", DOCUMENT)
        inventories = LayoutInventories(documents)
        found = await asyncio.gather(*(inventories.of("a") for _ in range(20)))
        assert {id(inventory) for inventory in found} == {id(await inventories.of("a"))}
        assert (documents.asked, len(found[0])) == (1, 6)

    async def test_given_none_then_it_is_not_found_until_there_is_one(self, pool: Pool) -> None:
        documents = PostgresLayouts(pool)
        inventories = LayoutInventories(documents)
        with pytest.raises(NotFound):
            await inventories.of("a")
        await documents.save("a", DOCUMENT)
        assert len(await inventories.of("a")) == 6

    async def test_given_more_layouts_than_the_limit_then_the_least_recently_used_is_evicted(self, pool: Pool) -> None:
        documents = CountingDocuments(pool)
        inventories = LayoutInventories(documents, bytes_max=2 * COUNTED_BYTES_MIN)
        for layout in "abc":
            await documents.save(layout, DOCUMENT)
        for layout in "abacab":
            await inventories.of(layout)
        assert documents.asked == 4


class TestUnavailable:
    async def test_given_an_unreachable_server_then_records_unavailable(self, database_url: str) -> None:
        async with open_pool_for_records("postgresql://127.0.0.1:9/nowhere", wait_seconds_max=0.1) as pool:
            with pytest.raises(RecordsUnavailable):
                await PostgresPeople(pool).find("ann")
