"""PostgreSQL and NATS as child processes: on loopback, with their data in the data folder, ended with their parent."""

from runtime.local.embedded.errors import DataInUse, EmbeddedServerError, ServerDidNotStart, ServerTooOld
from runtime.local.embedded.nats import EmbeddedNats, server_greeting
from runtime.local.embedded.persisted_values import free_port
from runtime.local.embedded.postgres import EmbeddedPostgres
from runtime.local.embedded.versions import check_nats_version, check_postgres_version

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
