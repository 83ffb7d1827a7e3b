"""Everything on one bare machine: servers, schema, demo, and the project's own processes, until somebody says stop."""

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
from runtime.exposure import refuse_unanswered
from runtime.leases import end_leases, end_process_leases, end_projection_leases
from runtime.local.data_directory import LOOPBACK, DataDirectory, is_set, local_settings
from runtime.local.disk import is_no_room, room_of
from runtime.local.embedded.errors import ServerDidNotStart
from runtime.local.embedded.lock import FolderLock
from runtime.local.embedded.persisted_values import is_free
from runtime.local.errors import NoRoom, PortTaken, ProcessExited
from runtime.local.meanwhile import MEANWHILE
from runtime.local.part_settings import environment_of, shop_environment
from runtime.local.process_group import ProcessGroup, ProcessSpec
from runtime.local.supervision.forking import ForkServer
from runtime.settings import PREFIX, Settings

BACKGROUND = ("relay", "project", "process", "seal")
BACKGROUND_NICE = 10
API_NICE = -5
"""Everybody waits for the API, and it does the work of all of them; only root can put it first."""
PRIVATE_UMASK = 0o077
FIRST_PAGE = "/api/v1/events?limit=1"
PROBE_SECONDS = 2.0
SERVER_ERROR = 500
ONE_OFF_SECONDS_MAX = 300.0
SANDBOX_READY = re.compile(r"^ready ", re.MULTILINE)

DEMO_EXISTS: LiteralString = "SELECT FROM eventstore.command WHERE command_id = %(command_id)s"

LEASES: Mapping[str, Callable[[Settings], Coroutine[None, None, None]]] = {
    "project": end_projection_leases,
    "process": end_process_leases,
}

UNCLEAN = (
    "The last run (process {pid}) did not end cleanly: it was killed, or the machine went down. Nothing that was "
    "acknowledged is lost; PostgreSQL recovers by itself, there is nothing to do."
)

Progress = Callable[[str], None]


def run_all(data: Path, *, port: int, demo: bool, report: Progress) -> None:
    """Start everything, say `ready`, and stay until SIGINT, SIGTERM, or until PostgreSQL or the API cannot be kept.

    Raises:
        PortTaken: another program listens where the API should; nothing was made.
        ProcessExited: a part did not start, or the shop cannot do without it and it ended too often; all was stopped.
        EmbeddedServerError: a server cannot be started, or the folder is in use.
        NoRoom: the disk is full.
        SettingsRefused: the API may not be shown to the outside like this.
    """
    os.umask(PRIVATE_UMASK)
    require_free(port)
    directory = DataDirectory(data.absolute())
    with translate_low_space(directory.data):
        directory.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_to_others(directory.data, report)
        lock = FolderLock(directory.data)
        lock.take()
        try:
            if lock.left_by is not None:
                report(UNCLEAN.format(pid=lock.left_by))
            with ProcessGroup(directory.logs, report=report, forks=ForkServer(directory.logs / "forks.log")) as parts:
                directory.keep_api_port(port)
                start_servers(parts, directory, report)
                settings = local_settings(directory.data)
                refuse_unanswered(settings)
                env = shop_environment(environment(directory, port), settings)
                is_new = prepare(parts, settings, env, demo=demo, report=report)
                start_parts(parts, directory, env, settings, port)
                parts.apply_priorities()
                report_accounts(directory, report, is_new=is_new)
                report(f"ready {url_of(port)}")
                parts.wait()
        finally:
            lock.release()


def require_free(port: int) -> None:
    """Check that the API's port can be had.

    Raises:
        PortTaken: it cannot.
    """
    if not is_free(port):
        raise PortTaken(
            f"Port {port} on {LOOPBACK} is taken by another program, so nothing was started. Choose another port with "
            f"--port (make run PORT=…), or stop that program."
        )


@contextmanager
def translate_low_space(data: Path) -> Iterator[None]:
    """Turn an error for want of room, ours or a server's, into a sentence that says which disk is full.

    Raises:
        NoRoom: the disk was full.
    """
    try:
        yield
    except (OSError, ServerDidNotStart, ProcessExited) as error:
        room = room_of(data)
        if not (is_no_room(error) or room.is_short):
            raise
        raise NoRoom(f"There is no room: {room}. Nothing is lost; make room, then start again.") from error


def start_servers(parts: ProcessGroup, directory: DataDirectory, report: Progress) -> None:
    """Start the servers that the environment does not name."""
    if not is_set("DATABASE_URL"):
        postgres = directory.postgres
        parts.start_server(postgres, essential=True, meanwhile=MEANWHILE["postgres"])
        report(f"PostgreSQL runs on port {postgres.port}")
    directory.sandbox_port()
    if not is_set("NATS_URL"):
        nats = directory.nats
        parts.start_server(nats, meanwhile=MEANWHILE["nats"])
        report(f"NATS runs on port {nats.port}")


def environment(directory: DataDirectory, port: int) -> dict[str, str]:
    """Return what every part of this shop finds in its environment."""
    env = {**os.environ, **directory.environment()}
    env.setdefault(f"{PREFIX}PUBLIC_URL", url_of(port))
    env[f"{PREFIX}PORT"] = str(port)
    return env


def close_to_others(data: Path, report: Progress) -> None:
    """Take a data folder of ours from everybody else's sight."""
    found = data.stat()
    if found.st_uid == os.geteuid() and found.st_mode & PRIVATE_UMASK:
        data.chmod(found.st_mode & ~PRIVATE_UMASK)
        report(f"{data} could be read by other accounts of this machine; it is closed to them now")


def prepare(parts: ProcessGroup, settings: Settings, env: Mapping[str, str], *, demo: bool, report: Progress) -> bool:
    """Bring the schema up to date, end the leases of the last run, make the demo if it is wanted; say if it is new."""
    applied = asyncio.run(migrate_all(settings))
    if not is_set("DATABASE_URL"):
        asyncio.run(end_leases(settings))  # the folder is ours alone, so nobody lives who could hold one
    report(f"the schema is up to date ({len(applied)} steps applied)")
    if demo and not asyncio.run(demo_exists(settings)):
        report("making the demo: three houses, a dozen shows")
        parts.run(cli_process("seed demo", env), seconds_max=ONE_OFF_SECONDS_MAX)
        return True
    return False


async def demo_exists(settings: Settings) -> bool:
    """Say whether the demo's last step was done before."""
    async with await psycopg.AsyncConnection.connect(settings.required_database_url) as connection:
        last = await connection.execute(DEMO_EXISTS, {"command_id": LAST_STEP})
        return await last.fetchone() is not None


def start_parts(
    parts: ProcessGroup, directory: DataDirectory, env: Mapping[str, str], settings: Settings, port: int
) -> None:
    """Start the gateway, the background parts and the API."""
    gateway = [sys.executable, "-m", "sandbox_provider", "--file", str(directory.sandbox_books), "--port"]
    gateway += [str(directory.sandbox_port()), "--webhook-url", f"{url_of(port)}/api/v1/webhooks/sandbox"]
    parts.start(
        ProcessSpec(
            name="sandbox",
            argv=gateway,
            env=environment_of("sandbox", env),
            ready=SANDBOX_READY,
            meanwhile=MEANWHILE["sandbox"],
        )
    )
    for name in BACKGROUND:
        parts.start(
            replace(cli_process(name, env), nice=BACKGROUND_NICE, before_restart=lease_release_of(name, settings))
        )
    ready = responds(f"{url_of(port)}{FIRST_PAGE}")
    parts.start(replace(cli_process("api", env), nice=API_NICE, ready=ready, essential=True))


def cli_process(words: str, env: Mapping[str, str]) -> ProcessSpec:
    """Return one of our own commands as a part, with the settings it needs of a whole shop's."""
    argv = [sys.executable, "-m", "runtime.cli", *words.split()]
    name = words.split(maxsplit=1)[0]
    return ProcessSpec(name=name, argv=argv, env=environment_of(name, env), meanwhile=MEANWHILE.get(name, ""))


def lease_release_of(name: str, settings: Settings) -> Callable[[], None] | None:
    """Return what ends the leases of a part that has died, so that its successor need not wait; None: it has none."""
    end = LEASES.get(name)
    if end is None or is_set("DATABASE_URL"):
        return None

    def free() -> None:
        with suppress(StoreUnavailable, psycopg.Error):
            asyncio.run(end(settings))

    return free


def url_of(port: int) -> str:
    """Return where the API answers."""
    return f"http://{LOOPBACK}:{port}"


def responds(url: str) -> Callable[[], bool]:
    """Return a question: does somebody answer here without a fault of their own?"""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=PROBE_SECONDS):  # noqa: S310 - a loopback address of ours
                return True
        except urllib.error.HTTPError as error:
            return error.code < SERVER_ERROR
        except OSError:
            return False

    return ask


def report_accounts(directory: DataDirectory, report: Progress, *, is_new: bool) -> None:
    """Say how to sign in, if there is a demo; its password at the first start alone, later the file it is in."""
    if not directory.demo_accounts.exists():
        return
    demo = json.loads(directory.demo_accounts.read_text())
    password = f"the password {demo['password']}" if is_new else f"the password in {directory.demo_accounts}"
    report(f"sign in as {', '.join(demo['accounts'].values())} with {password}")
    wished = os.environ.get(f"{PREFIX}DEMO_PASSWORD")
    if wished and wished != demo["password"]:
        report(f"{PREFIX}DEMO_PASSWORD is not applied: this demo keeps the password of its first start")
