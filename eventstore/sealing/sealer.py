"""The sealer: signs what the log says, off everybody's way, and never what contradicts what it signed before.

It runs in step with nothing: it reads the log, recomputes every digest from the content, writes the seal to the second
place, and a copy to the database. Where log and second place contradict each other (a restore, a truncation, a changed
event) it stops until a person has looked.
"""

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from eventstore.errors import EventStoreError
from eventstore.postgres.error_classification import OUT_OF_REACH
from eventstore.sealing import sql
from eventstore.sealing.keys import SealingKey
from eventstore.sealing.log_reader import Connection, open_connection
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.seal_writer import NotSealOwner, SealWriter

MAX_DELAY = timedelta(seconds=5)
POLL_INTERVAL_S = 1.0
RETRY_PAUSE_S = 2.0
REMINDER_S = 60.0

TROUBLE: tuple[type[Exception], ...] = (*OUT_OF_REACH, OSError)

_log = structlog.get_logger(__name__)


class Sealer:
    """Seals one log into one second place. Several may run: one seals, the others wait for its end.

    Args:
        url: of the sealer's role.
        patience: how long an event waits for others to be sealed with.
    """

    def __init__(self, *, url: str, archive: SealArchive, key: SealingKey, max_delay: timedelta = MAX_DELAY) -> None:
        self._url = url
        self._archive = archive
        self._key = key
        self._max_delay = max_delay
        self._said = ("", -REMINDER_S)

    def run(self, stop: threading.Event) -> None:
        """Seal until told to stop; whatever goes wrong meanwhile is said, and tried again."""
        while not stop.is_set():
            try:
                with open_connection(self._url, name="seal") as connection:
                    self._seal(connection, stop)
            except NotSealOwner:
                stop.wait(POLL_INTERVAL_S)
            except TROUBLE as trouble:
                self._log_once("sealer: trying again", str(trouble))
                stop.wait(RETRY_PAUSE_S)

    @contextmanager
    def acquire_writer(self, connection: Connection) -> Iterator[SealWriter]:
        """Be the one who seals, as long as the connection lives.

        Raises:
            NotSealOwner: it is another one's turn.
            SealerStopped, SealArchiveDamaged: nothing can be sealed until a person has looked.
        """
        self._archive.folder.mkdir(parents=True, exist_ok=True)
        with (self._archive.folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotSealOwner from None
            ((mine,),) = connection.execute(sql.TRY_LOCK).fetchall()
            if not mine:
                raise NotSealOwner
            yield SealWriter(connection, self._archive, self._key, self._max_delay)

    def _seal(self, connection: Connection, stop: threading.Event) -> None:
        try:
            with self.acquire_writer(connection) as turn:
                while not stop.is_set():
                    if not turn.seal_next():
                        stop.wait(POLL_INTERVAL_S)
        except EventStoreError as refusal:
            connection.execute(sql.UPDATE_HEARTBEAT, {"state": "stopped", "trouble": str(refusal)})
            self._log_once("sealer stopped", str(refusal))
            stop.wait(RETRY_PAUSE_S)

    def _log_once(self, what: str, trouble: str) -> None:
        said, at = self._said
        now = time.monotonic()
        if trouble != said or now - at >= REMINDER_S:
            self._said = (trouble, now)
            _log.error(what, why=trouble)
