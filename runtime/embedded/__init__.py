"""PostgreSQL and NATS as servers of our own: on loopback, under DATA, gone when we are gone."""

from runtime.embedded.errors import DataInUse, EmbeddedServerError, ServerDidNotStart, ServerTooOld
from runtime.embedded.kept import free_port
from runtime.embedded.nats import EmbeddedNats, server_greeting
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.embedded.versions import check_nats_version, check_postgres_version

__all__ = [
    "DataInUse",
    "EmbeddedNats",
    "EmbeddedPostgres",
    "EmbeddedServerError",
    "ServerDidNotStart",
    "ServerTooOld",
    "check_nats_version",
    "check_postgres_version",
    "free_port",
    "server_greeting",
]
