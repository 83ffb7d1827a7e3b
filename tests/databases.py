"""Databases for one test each."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import sql

from runtime.embedded import EmbeddedPostgres

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
        yield server.url_of(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def role_password(role: str) -> str:
    """Return a login role's password: roles belong to the whole server, so all tests must agree on one."""
    return f"{role}-of-the-tests"
