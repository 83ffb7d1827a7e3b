"""Bring a shop's database back to an earlier moment, and compare every screen with the log afterwards."""

import asyncio
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from projections.rebuild.rebuilder import VersionsDiffer
from projections.registry import EVERY_MODEL
from runtime import rebuilds
from runtime.local.embedded.postgres import EmbeddedPostgres, binary
from tests.system.log import decoded, read_log
from tests.system.read_models import rows_of
from tests.system.reference_fold import ReferenceRows, fold_reference
from tests.system.shop import POLL_S, READY_WITHIN_S, Json, Shop

MAJOR = 18
RESTORE_POINT = "before the loss"


class Backup:
    """What an operator does with pg_dump, pg_restore and pg_basebackup, as the database's owner."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._name = str(conninfo_to_dict(postgres.url)["dbname"])

    def dump(self, file: Path) -> None:
        """Back the database up, while it is in use."""
        run("pg_dump", "--format=custom", f"--file={file}", self._postgres.url)

    def restore(self, file: Path) -> None:
        """Restore a dump beside the database and exchange the two, however many are connected."""
        with psycopg.connect(self._postgres.url_of("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
            run("pg_restore", f"--dbname={self._postgres.url_of('restored')}", str(file))
            name = sql.Identifier(self._name)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("ALTER DATABASE restored RENAME TO {}").format(name))

    def empty(self) -> None:
        """Drop the database, however many are connected, and make an empty one of its name."""
        with psycopg.connect(self._postgres.url_of("postgres"), autocommit=True) as connection:
            name = sql.Identifier(self._name)
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))

    def fill(self, file: Path) -> None:
        """Restore a dump into the empty database, a piece after the other."""
        run("pg_restore", f"--dbname={self._postgres.url}", str(file))

    def copy_cluster(self, folder: Path) -> None:
        """Take a base backup, while the server is in use."""
        options = (f"--pgdata={folder}", "--wal-method=stream", "--checkpoint=fast")
        run("pg_basebackup", *options, f"--dbname={self._postgres.url}")

    def mark(self) -> None:
        """Name this moment, to which the server can be brought back."""
        with psycopg.connect(self._postgres.url, autocommit=True) as connection:
            connection.execute("SELECT pg_create_restore_point(%s)", [RESTORE_POINT])

    def bring_back(self, folder: Path) -> None:
        """Stop the server and start it from a base backup, replayed to the moment that was marked."""
        cluster = self._postgres.data / "cluster"
        self._postgres.stop()
        archive = cluster.with_name("archive")
        shutil.move(cluster / "pg_wal", archive)
        shutil.rmtree(cluster)
        shutil.move(folder, cluster)
        with (cluster / "postgresql.auto.conf").open("a") as conf:
            conf.write(f"restore_command = 'cp {archive}/%f %p'\nrecovery_target_name = '{RESTORE_POINT}'\n")
            conf.write("recovery_target_action = 'promote'\n")
        (cluster / "recovery.signal").touch()
        self._postgres.start()


def run(program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs; it must end well."""
    done = subprocess.run([binary(MAJOR, program), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def is_level(shop: Shop) -> bool:
    """Say whether every read model runs and is at the log's end."""
    try:
        ready = shop.ready()
    except (httpx.TransportError, KeyError):
        return False
    return set(ready.get("projections", {}).values()) == {"running"} and set(ready["lag"].values()) == {0}


async def shows_the_log(shop: Shop, apis: Sequence[str], buyers: Sequence[str]) -> None:
    """Wait until every read model is at the log's end, and until nothing on a screen differs from the log."""
    deadline = time.monotonic() + READY_WITHIN_S
    while found := ["a read model"] if not is_level(shop) else await differences(shop, apis, buyers):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(POLL_S)


async def differences(shop: Shop, apis: Sequence[str], buyers: Sequence[str]) -> list[str]:
    """Return where a table of a read model, a seat map in memory or a buyer's list says something else than the log."""
    picture = fold_reference(decoded(await read_log(shop)))
    shown, wanted = await rows_of(shop), picture.rows()
    found = [f"the table {table}" for table in wanted if shown[table] != wanted[table]]
    for api in apis:
        found += [f"{api}: the seat map of {performance}" for performance in differing_maps(picture, api)]
        found += [f"{api}: {path} of a buyer" for token in buyers for path in differing_lists(picture, api, token)]
    return found


async def unequal_rebuilds(shop: Shop) -> list[str]:
    """Return the read models whose rows differ from those that the whole log folds into anew."""
    found = []
    for model in EVERY_MODEL:
        try:
            await rebuilds.rebuild(shop.settings, model.name, swap_anyway=False, report=lambda _: None)
        except VersionsDiffer as refusal:
            found.append(f"{model.name}: {refusal.differences}")
    return found


def differing_maps(picture: ReferenceRows, api: str) -> list[str]:
    """Return the performances whose sold or blocked seats one API process shows otherwise than the log."""
    wanted: defaultdict[str, dict[str, set[str]]] = defaultdict(lambda: {"sold": set(), "blocked": set()})
    for stream, stands in picture.seats.items():
        performance, seat = stream.removeprefix("seat-").rsplit("-", 1)
        states = wanted[performance]
        if stands[0] in states:
            states[stands[0]].add(seat)
    return [performance for performance, states in wanted.items() if seats_shown(api, performance, states) != states]


def seats_shown(api: str, performance: str, states: Iterable[str]) -> dict[str, set[str]]:
    """Return the seats that one API process shows in each of some states."""
    shown = read(f"{api}/performances/{performance}/seats")["states"]
    return {state: set(shown[state]) for state in states}


def differing_lists(picture: ReferenceRows, api: str, token: str) -> list[str]:
    """Return which lists of a buyer one API process shows otherwise than the log."""
    account = read(f"{api}/me", token)["account_id"]
    orders = {order: told.status for order, told in picture.orders.items() if told.placed.account == account}
    tickets = {ticket for ticket, row in picture.tickets.items() if row[1] == account}
    shown_orders = {each["order_id"]: each["status"] for each in read(f"{api}/orders?limit=100", token)["items"]}
    shown_tickets = {each["ticket_id"] for each in read(f"{api}/tickets?limit=100", token)["items"]}
    return [
        path for path, same in (("/orders", orders == shown_orders), ("/tickets", tickets == shown_tickets)) if not same
    ]


def read(url: str, token: str | None = None) -> Json:
    """Read something from one API process."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = httpx.get(url, headers=headers, trust_env=False)
    assert answer.status_code == httpx.codes.OK, f"{url}: {answer.status_code} {answer.text}"
    found: Json = answer.json()
    return found
