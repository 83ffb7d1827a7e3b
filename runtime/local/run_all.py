"""Runs everything on one machine: embedded servers, schema, demo and all parts, until a stop is requested."""

import asyncio
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg

from eventstore.errors import StoreUnavailable
from runtime.database import migrate_all
from runtime.demo.ids import LAST_STEP
from runtime.exposure import require_safe_exposure
from runtime.leases import end_leases, end_process_leases, end_projection_leases
from runtime.local.data_directory import LOOPBACK, DataDirectory, is_set, local_settings
from runtime.local.disk_space import disk_space_of, is_disk_full_error
from runtime.local.embedded.errors import ServerDidNotStart
from runtime.local.embedded.lock import FolderLock
from runtime.local.embedded.persisted_values import is_free
from runtime.local.errors import DiskFull, PortTaken, ProcessExited
from runtime.local.outage_effects import OUTAGE_EFFECTS
from runtime.local.part_settings import environment_of, installation_environment
from runtime.local.process_group import ProcessGroup, ProcessSpec
from runtime.local.supervision.forking import ForkServer
from runtime.settings import PREFIX, Settings

BACKGROUND = ("relay", "project", "process", "seal")
BACKGROUND_NICE = 10
API_NICE = -5
"""Every request waits for the API, so it comes before the background parts; only root may set it."""
PRIVATE_UMASK = 0o077
FIRST_PAGE = "/api/v1/events?limit=1"
PROBE_SECONDS = 2.0
SERVER_ERROR = 500
ONE_OFF_SECONDS_MAX = 300.0
SANDBOX_READY = re.compile(r"^ready ", re.MULTILINE)

SELECT_DEMO: LiteralString = "SELECT FROM eventstore.command WHERE command_id = %(command_id)s"

LEASES: Mapping[str, Callable[[Settings], Coroutine[None, None, None]]] = {
    "project": end_projection_leases,
    "process": end_process_leases,
}

UNCLEAN = (
    "The last run (process {pid}) did not end cleanly: it was killed, or the machine went down. Nothing that was "
    "acknowledged is lost; PostgreSQL recovers by itself, no action is needed."
)

Progress = Callable[[str], None]


def run_all(data: Path, *, port: int, demo: bool, report: Progress) -> None:
    """Start everything, report `ready`, and supervise it until SIGINT or SIGTERM.

    Raises:
        PortTaken: another program listens on the API's port; nothing was changed.
        ProcessExited: a part did not start, or PostgreSQL or the API ended too often; everything was stopped.
        EmbeddedServerError: a server cannot be started, or the folder is in use.
        DiskFull: the disk is full.
        SettingsRefused: the settings do not allow the API to be reachable from other machines.
    """
    os.umask(PRIVATE_UMASK)
    require_free_port(port)
    directory = DataDirectory(data.absolute())
    with translate_disk_full(directory.data):
        directory.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        restrict_permissions(directory.data, report)
        lock = FolderLock(directory.data)
        lock.acquire()
        try:
            if lock.unclean_owner is not None:
                report(UNCLEAN.format(pid=lock.unclean_owner))
            with ProcessGroup(directory.logs, report=report, forks=ForkServer(directory.logs / "forks.log")) as parts:
                start_all(parts, directory, port=port, demo=demo, report=report)
                parts.wait()
        finally:
            lock.release()


def start_all(parts: ProcessGroup, directory: DataDirectory, *, port: int, demo: bool, report: Progress) -> None:
    """Start servers, migrate, seed the demo, start the parts and report the address."""
    directory.save_api_port(port)
    start_servers(parts, directory, report)
    settings = local_settings(directory.data)
    require_safe_exposure(settings)
    env = installation_environment(environment(directory, port), settings)
    is_new = prepare(parts, settings, env, demo=demo, report=report)
    start_parts(parts, directory, env, settings, port)
    parts.apply_priorities()
    report_accounts(directory, report, is_new=is_new)
    report(f"ready {url_of(port)}")


def require_free_port(port: int) -> None:
    """Check that the API's port is free.

    Raises:
        PortTaken: another program listens on it.
    """
    if not is_free(port):
        raise PortTaken(
            f"Port {port} on {LOOPBACK} is taken by another program, so nothing was started. Choose another port with "
            f"--port (make run PORT=…), or stop that program."
        )


@contextmanager
def translate_disk_full(data: Path) -> Iterator[None]:
    """Translate errors caused by a full disk, in this process or in a server, into one that names the disk.

    Raises:
        DiskFull: the disk is full.
    """
    try:
        yield
    except (OSError, ServerDidNotStart, ProcessExited) as error:
        space = disk_space_of(data)
        if not (is_disk_full_error(error) or space.is_low):
            raise
        raise DiskFull(f"No disk space: {space}. Nothing is lost; free some space, then start again.") from error


def start_servers(parts: ProcessGroup, directory: DataDirectory, report: Progress) -> None:
    """Start the embedded servers in place of which the environment names no other."""
    if not is_set("DATABASE_URL"):
        postgres = directory.postgres
        parts.start_server(postgres, essential=True, outage_effect=OUTAGE_EFFECTS["postgres"])
        report(f"PostgreSQL runs on port {postgres.port}")
    directory.sandbox_port()
    if not is_set("NATS_URL"):
        nats = directory.nats
        parts.start_server(nats, outage_effect=OUTAGE_EFFECTS["nats"])
        report(f"NATS runs on port {nats.port}")


def environment(directory: DataDirectory, port: int) -> dict[str, str]:
    """Return the environment of the whole installation."""
    env = {**os.environ, **directory.environment()}
    env.setdefault(f"{PREFIX}PUBLIC_URL", url_of(port))
    env[f"{PREFIX}PORT"] = str(port)
    return env


def restrict_permissions(data: Path, report: Progress) -> None:
    """Revoke the access of other accounts to the data folder, if this account owns it."""
    stat = data.stat()
    if stat.st_uid == os.geteuid() and stat.st_mode & PRIVATE_UMASK:
        data.chmod(stat.st_mode & ~PRIVATE_UMASK)
        report(f"other accounts of this machine could read {data}; their access is revoked")


def prepare(parts: ProcessGroup, settings: Settings, env: Mapping[str, str], *, demo: bool, report: Progress) -> bool:
    """Migrate the schema, end the leases of the last run, and seed the demo if requested; return whether it is new."""
    applied = asyncio.run(migrate_all(settings))
    if not is_set("DATABASE_URL"):
        asyncio.run(end_leases(settings))  # the folder is locked, so no living process can own one
    report(f"the schema is up to date ({len(applied)} steps applied)")
    if demo and not asyncio.run(demo_exists(settings)):
        report("creating the demo: three venues, a dozen events")
        parts.run(cli_process("seed demo", env), seconds_max=ONE_OFF_SECONDS_MAX)
        return True
    return False


async def demo_exists(settings: Settings) -> bool:
    """Return whether the last step of the demo's seeding is recorded."""
    async with await psycopg.AsyncConnection.connect(settings.required_database_url) as connection:
        last = await connection.execute(SELECT_DEMO, {"command_id": LAST_STEP})
        return await last.fetchone() is not None


def start_parts(
    parts: ProcessGroup, directory: DataDirectory, env: Mapping[str, str], settings: Settings, port: int
) -> None:
    """Start the gateway, the background parts and the API."""
    gateway = [sys.executable, "-m", "sandbox_provider", "--file", str(directory.sandbox_ledger), "--port"]
    gateway += [str(directory.sandbox_port()), "--webhook-url", f"{url_of(port)}/api/v1/webhooks/sandbox"]
    parts.start(
        ProcessSpec(
            name="sandbox",
            argv=gateway,
            env=environment_of("sandbox", env),
            ready=SANDBOX_READY,
            outage_effect=OUTAGE_EFFECTS["sandbox"],
        )
    )
    for name in BACKGROUND:
        parts.start(
            replace(cli_process(name, env), nice=BACKGROUND_NICE, before_restart=lease_release_of(name, settings))
        )
    ready = responds(f"{url_of(port)}{FIRST_PAGE}")
    parts.start(replace(cli_process("api", env), nice=API_NICE, ready=ready, essential=True))


def cli_process(words: str, env: Mapping[str, str]) -> ProcessSpec:
    """Return a `seatledger` command as a part, with the settings that it needs out of the whole installation's.

    Args:
        words: the command, such as `seed demo`; its first word is the part's name.
    """
    argv = [sys.executable, "-m", "runtime.cli", *words.split()]
    name = words.split(maxsplit=1)[0]
    return ProcessSpec(name=name, argv=argv, env=environment_of(name, env), outage_effect=OUTAGE_EFFECTS.get(name, ""))


def lease_release_of(name: str, settings: Settings) -> Callable[[], None] | None:
    """Return a function that ends the leases of an ended part, so that its successor need not wait for their expiry.

    Returns:
        None: the part owns no leases, or the database is not this installation's own.
    """
    end = LEASES.get(name)
    if end is None or is_set("DATABASE_URL"):
        return None

    def release() -> None:
        with suppress(StoreUnavailable, psycopg.Error):
            asyncio.run(end(settings))

    return release


def url_of(port: int) -> str:
    """Return the API's address on loopback."""
    return f"http://{LOOPBACK}:{port}"


def responds(url: str) -> Callable[[], bool]:
    """Return a function that requests an address and returns whether the answer is no server error."""

    def probe() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=PROBE_SECONDS):  # noqa: S310 - a fixed loopback address
                return True
        except urllib.error.HTTPError as error:
            return error.code < SERVER_ERROR
        except OSError:
            return False

    return probe


def report_accounts(directory: DataDirectory, report: Progress, *, is_new: bool) -> None:
    """Report how to sign in to the demo, if there is one: the first time the password, later the file that holds it."""
    if not directory.demo_accounts.exists():
        return
    demo = json.loads(directory.demo_accounts.read_text())
    password = f"the password {demo['password']}" if is_new else f"the password in {directory.demo_accounts}"
    report(f"sign in as {', '.join(demo['accounts'].values())} with {password}")
    requested = os.environ.get(f"{PREFIX}DEMO_PASSWORD")
    if requested and requested != demo["password"]:
        report(f"{PREFIX}DEMO_PASSWORD is not applied: this demo keeps the password of its first start")
