"""The sealer: signs seals over new events, and stops when the log contradicts an earlier seal.

It runs independently of appends: it reads the log, recomputes every digest from the content, writes the seal to the
seal archive, and a copy to the database. When log and archive contradict each other (a restore, a truncation, a changed
event), it stops until an operator has begun a new chain.
"""

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from eventstore.errors import EventStoreError
from eventstore.postgres.error_classification import RETRYABLE_ERRORS
from eventstore.sealing import sql
from eventstore.sealing.keys import SealingKey
from eventstore.sealing.log_reader import Connection, open_connection
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.seal_writer import NotSealOwner, SealWriter

MAX_DELAY = timedelta(seconds=5)
POLL_INTERVAL_S = 1.0
RETRY_PAUSE_S = 2.0
REMINDER_S = 60.0

TRANSIENT_ERRORS: tuple[type[Exception], ...] = (*RETRYABLE_ERRORS, OSError)

_log = structlog.get_logger(__name__)


class Sealer:
    """Seals one log into one archive. Several may run: one seals, the others take over when it ends.

    Args:
        url: of the sealer's role.
        max_delay: how long an event may stay unsealed while a range is not full.
    """

    def __init__(self, *, url: str, archive: SealArchive, key: SealingKey, max_delay: timedelta = MAX_DELAY) -> None:
        self._url = url
        self._archive = archive
        self._key = key
        self._max_delay = max_delay
        self._logged = ("", -REMINDER_S)

    def run(self, stop: threading.Event) -> None:
        """Seal until `stop` is set; errors are logged, and sealing is retried after a pause."""
        while not stop.is_set():
            try:
                with open_connection(self._url, name="seal") as connection:
                    self._seal(connection, stop)
            except NotSealOwner:
                stop.wait(POLL_INTERVAL_S)
            except TRANSIENT_ERRORS as trouble:
                self._log_once("sealer: retrying", str(trouble))
                stop.wait(RETRY_PAUSE_S)

    @contextmanager
    def acquire_writer(self, connection: Connection) -> Iterator[SealWriter]:
        """Acquire the ownership of sealing, by a lock in the archive and one in the database, for this block.

        Raises:
            NotSealOwner: another sealer has it.
            SealerStopped, SealArchiveDamaged: sealing is impossible until an operator has acted.
        """
        self._archive.folder.mkdir(parents=True, exist_ok=True)
        with (self._archive.folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotSealOwner from None
            ((is_owner,),) = connection.execute(sql.TRY_LOCK).fetchall()
            if not is_owner:
                raise NotSealOwner
            yield SealWriter(connection, self._archive, self._key, self._max_delay)

    def _seal(self, connection: Connection, stop: threading.Event) -> None:
        try:
            with self.acquire_writer(connection) as writer:
                while not stop.is_set():
                    if not writer.seal_next():
                        stop.wait(POLL_INTERVAL_S)
        except EventStoreError as refusal:
            connection.execute(sql.UPDATE_HEARTBEAT, {"state": "stopped", "trouble": str(refusal)})
            self._log_once("sealer stopped", str(refusal))
            stop.wait(RETRY_PAUSE_S)

    def _log_once(self, event: str, trouble: str) -> None:
        logged, logged_at = self._logged
        now = time.monotonic()
        if trouble != logged or now - logged_at >= REMINDER_S:
            self._logged = (trouble, now)
            _log.error(event, reason=trouble)
