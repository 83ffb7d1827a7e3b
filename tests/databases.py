"""Databases for one test each."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from psycopg import sql
from pydantic import SecretStr

from eventstore.postgres.roles import ROLES, role_name
from runtime.local.embedded import EmbeddedPostgres
from runtime.settings import Settings

SECRET_KEY = "a secret for tests only, long enough to be taken"

_numbers = count(1)


@contextmanager
def fresh_database(server: EmbeddedPostgres, *, template: str = "template0") -> Iterator[str]:
    """Make a database, give its owner's address, and drop it with all its sessions.

    Args:
        template: the name of a database to copy, such as one that is migrated already; nobody may be connected to it.
    """
    name = f"test_{next(_numbers)}"
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute(copied.format(sql.Identifier(name), sql.Identifier(template)))
        adopt_roles(connection, name, template)
        yield server.url_of(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in ROLES:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role_name(name, role))))


def adopt_roles(connection: psycopg.Connection[Any], name: str, template: str) -> None:
    """Give a copied database login roles of its own, which may do what the template's may."""
    for role in ROLES:
        known, own = role_name(template, role), sql.Identifier(role_name(name, role))
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [known]).fetchone() is not None:
            password = sql.Literal(role_password(role))
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(own, password))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(known), own))


def make_template(
    server: EmbeddedPostgres,
    name: str,
    prepare: Callable[[str], Coroutine[Any, Any, Any]],
    *,
    template: str = "template1",
) -> None:
    """Make a database to copy.

    Args:
        prepare: is given its owner's address.
        template: what it is itself a copy of.
    """
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copied.format(sql.Identifier(name), sql.Identifier(template)))
        adopt_roles(connection, name, template)
    asyncio.run(prepare(server.url_of(name)))
    # The first session after a migration writes down the catalogue's cache; in a copy without it, each first one would.
    psycopg.connect(server.url_of(name)).close()


def role_password(role: str) -> str:
    """Return the password of a database's login role; all tests have one secret."""
    return Settings(secret_key=SecretStr(SECRET_KEY)).role_password(role)
