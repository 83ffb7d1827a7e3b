"""What is said of an error in a read model: what failed and where, without what the row or the event holds."""

import psycopg


def describe_error(error: Exception) -> str:
    """Return an error in a sentence; PostgreSQL's names the table and constraint, and not the values of the row."""
    name = type(error).__name__
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return f"{name}: {error}"
    places = [("table", error.diag.table_name), ("column", error.diag.column_name)]
    where = ", ".join(f"{kind} {place}" for kind, place in places if place)
    return f"{name}: {error.diag.message_primary}{f' ({where})' if where else ''}"
