"""Descriptions of a read model's errors, without values of rows or events."""

import psycopg


def describe_error(error: Exception) -> str:
    """Return `<type>: <message>`; for PostgreSQL errors with table and column, but without values."""
    name = type(error).__name__
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return f"{name}: {error}"
    places = [("table", error.diag.table_name), ("column", error.diag.column_name)]
    where = ", ".join(f"{kind} {place}" for kind, place in places if place)
    return f"{name}: {error.diag.message_primary}{f' ({where})' if where else ''}"
