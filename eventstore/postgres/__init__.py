"""Event store on PostgreSQL."""

from eventstore.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
