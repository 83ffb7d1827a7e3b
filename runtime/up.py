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
from runtime.demo.steps import LAST_STEP
from runtime.embedded.errors import ServerDidNotStart
from runtime.embedded.kept import is_free
from runtime.embedded.lock import FolderLock
from runtime.exposure import refuse_unanswered
from runtime.ground import LOOPBACK, Ground, given, settings_here
from runtime.leases import end_leases, end_process_leases, end_projection_leases
from runtime.local.disk import is_no_room, room_of
from runtime.local.errors import NoRoom, PartEnded, PortTaken
from runtime.local.forking import ForkServer
from runtime.local.meanwhile import MEANWHILE
from runtime.local.part_settings import environment_of, shop_environment
from runtime.parts import Part, PartsSupervisor
from runtime.schema import migrate_all
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

Say = Callable[[str], None]


def up(data: Path, *, port: int, demo: bool, say: Say) -> None:
    """Start everything, say `ready`, and stay until SIGINT, SIGTERM, or until PostgreSQL or the API cannot be kept.

    Raises:
        PortTaken: another program listens where the API should; nothing was made.
        PartEnded: a part did not start, or the shop cannot do without it and it ended too often; all was stopped.
        EmbeddedServerError: a server cannot be started, or the folder is in use.
        NoRoom: the disk is full.
        SettingsRefused: the API may not be shown to the outside like this.
    """
    os.umask(PRIVATE_UMASK)
    require_free(port)
    ground = Ground(data.absolute())
    with low_space_reported(ground.data):
        ground.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_to_others(ground.data, say)
        lock = FolderLock(ground.data)
        lock.take()
        try:
            if lock.left_by is not None:
                say(UNCLEAN.format(pid=lock.left_by))
            with PartsSupervisor(ground.logs, say=say, forks=ForkServer(ground.logs / "forks.log")) as parts:
                ground.keep_api_port(port)
                start_servers(parts, ground, say)
                settings = settings_here(ground.data)
                refuse_unanswered(settings)
                env = shop_environment(environment(ground, port), settings)
                is_new = prepare(parts, settings, env, demo=demo, say=say)
                start_parts(parts, ground, env, settings, port)
                parts.prioritise()
                say_accounts(ground, say, is_new=is_new)
                say(f"ready {url_of(port)}")
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
def low_space_reported(data: Path) -> Iterator[None]:
    """Turn an error for want of room, ours or a server's, into a sentence that says which disk is full.

    Raises:
        NoRoom: the disk was full.
    """
    try:
        yield
    except (OSError, ServerDidNotStart, PartEnded) as error:
        room = room_of(data)
        if not (is_no_room(error) or room.is_short):
            raise
        raise NoRoom(f"There is no room: {room}. Nothing is lost; make room, then start again.") from error


def start_servers(parts: PartsSupervisor, ground: Ground, say: Say) -> None:
    """Start the servers that the environment does not name."""
    if not given("DATABASE_URL"):
        postgres = ground.postgres
        parts.start_server(postgres, essential=True, meanwhile=MEANWHILE["postgres"])
        say(f"PostgreSQL runs on port {postgres.port}")
    ground.sandbox_port()
    if not given("NATS_URL"):
        nats = ground.nats
        parts.start_server(nats, meanwhile=MEANWHILE["nats"])
        say(f"NATS runs on port {nats.port}")


def environment(ground: Ground, port: int) -> dict[str, str]:
    """Return what every part of this shop finds in its environment."""
    env = {**os.environ, **ground.environment()}
    env.setdefault(f"{PREFIX}PUBLIC_URL", url_of(port))
    env[f"{PREFIX}PORT"] = str(port)
    return env


def close_to_others(data: Path, say: Say) -> None:
    """Take a data folder of ours from everybody else's sight."""
    found = data.stat()
    if found.st_uid == os.geteuid() and found.st_mode & PRIVATE_UMASK:
        data.chmod(found.st_mode & ~PRIVATE_UMASK)
        say(f"{data} could be read by other accounts of this machine; it is closed to them now")


def prepare(parts: PartsSupervisor, settings: Settings, env: Mapping[str, str], *, demo: bool, say: Say) -> bool:
    """Bring the schema up to date, end the leases of the last run, make the demo if it is wanted; say if it is new."""
    applied = asyncio.run(migrate_all(settings))
    if not given("DATABASE_URL"):
        asyncio.run(end_leases(settings))  # the folder is ours alone, so nobody lives who could hold one
    say(f"the schema is up to date ({len(applied)} steps applied)")
    if demo and not asyncio.run(demo_exists(settings)):
        say("making the demo: three houses, a dozen shows")
        parts.run(own("seed demo", env), seconds_max=ONE_OFF_SECONDS_MAX)
        return True
    return False


async def demo_exists(settings: Settings) -> bool:
    """Say whether the demo's last step was done before."""
    async with await psycopg.AsyncConnection.connect(settings.required_database_url) as connection:
        last = await connection.execute(DEMO_EXISTS, {"command_id": LAST_STEP})
        return await last.fetchone() is not None


def start_parts(parts: PartsSupervisor, ground: Ground, env: Mapping[str, str], settings: Settings, port: int) -> None:
    """Start the gateway, the background parts and the API."""
    gateway = [sys.executable, "-m", "adapters.sandbox", "--file", str(ground.sandbox_books), "--port"]
    gateway += [str(ground.sandbox_port()), "--webhook-url", f"{url_of(port)}/api/v1/webhooks/sandbox"]
    parts.start(
        Part(
            name="sandbox",
            argv=gateway,
            env=environment_of("sandbox", env),
            ready=SANDBOX_READY,
            meanwhile=MEANWHILE["sandbox"],
        )
    )
    for name in BACKGROUND:
        parts.start(replace(own(name, env), nice=BACKGROUND_NICE, before_restart=freeing(name, settings)))
    ready = answers(f"{url_of(port)}{FIRST_PAGE}")
    parts.start(replace(own("api", env), nice=API_NICE, ready=ready, essential=True))


def own(words: str, env: Mapping[str, str]) -> Part:
    """Return one of our own commands as a part, with the settings it needs of a whole shop's."""
    argv = [sys.executable, "-m", "runtime.cli", *words.split()]
    name = words.split(maxsplit=1)[0]
    return Part(name=name, argv=argv, env=environment_of(name, env), meanwhile=MEANWHILE.get(name, ""))


def freeing(name: str, settings: Settings) -> Callable[[], None] | None:
    """Return what ends the leases of a part that has died, so that its successor need not wait; None: it has none."""
    end = LEASES.get(name)
    if end is None or given("DATABASE_URL"):
        return None

    def free() -> None:
        with suppress(StoreUnavailable, psycopg.Error):
            asyncio.run(end(settings))

    return free


def url_of(port: int) -> str:
    """Return where the API answers."""
    return f"http://{LOOPBACK}:{port}"


def answers(url: str) -> Callable[[], bool]:
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


def say_accounts(ground: Ground, say: Say, *, is_new: bool) -> None:
    """Say how to sign in, if there is a demo; its password at the first start alone, later the file it is in."""
    if not ground.demo_accounts.exists():
        return
    demo = json.loads(ground.demo_accounts.read_text())
    password = f"the password {demo['password']}" if is_new else f"the password in {ground.demo_accounts}"
    say(f"sign in as {', '.join(demo['accounts'].values())} with {password}")
    wished = os.environ.get(f"{PREFIX}DEMO_PASSWORD")
    if wished and wished != demo["password"]:
        say(f"{PREFIX}DEMO_PASSWORD is not applied: this demo keeps the password of its first start")
