"""A sealed log, and operations on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from eventstore.postgres import PostgresStore
from eventstore.postgres.roles import SEALER_ROLE, role_url
from eventstore.sealing.keys import SealingKey
from eventstore.sealing.log_reader import Connection, open_connection
from eventstore.sealing.seal_archive import SealArchive
from eventstore.sealing.seal_writer import SealWriter
from eventstore.sealing.sealer import Sealer
from eventstore.sealing.verification.result import Verification
from eventstore.sealing.verification.verify import verify
from tests.databases import role_password
from tests.eventstore.appends import at, to_append

SECRET = "a secret for tests only, of the sealer"
COMMANDS_PER_BATCH = 50

# Keeps the index for reading in order, but drops the constraint, so that positions can be moved one by one.
TAKE_THE_LOCKS_OFF = """
ALTER TABLE eventstore.event DISABLE TRIGGER insert_only;
ALTER TABLE eventstore.seal DISABLE TRIGGER insert_only;
ALTER TABLE eventstore.event DROP CONSTRAINT event_pkey;
CREATE INDEX event_position ON eventstore.event (position);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedLog:
    """A log, its seal archive, and the URLs of its roles."""

    owner_url: str
    app_url: str
    archive: SealArchive

    @property
    def sealer_url(self) -> str:
        return role_url(self.owner_url, SEALER_ROLE, role_password(SEALER_ROLE))

    def sealer(self, *, secret: str = SECRET, max_delay: timedelta = timedelta(0)) -> Sealer:
        return Sealer(url=self.sealer_url, archive=self.archive, key=SealingKey(secret), max_delay=max_delay)

    @contextmanager
    def writer(self, *, secret: str = SECRET, max_delay: timedelta = timedelta(0)) -> Iterator[SealWriter]:
        """Own the sealing for a block."""
        with (
            open_connection(self.sealer_url, name="seal") as connection,
            self.sealer(secret=secret, max_delay=max_delay).acquire_writer(connection) as writer,
        ):
            yield writer

    def seal(self) -> None:
        """Seal all events."""
        with self.writer() as writer:
            while writer.seal_next():
                pass

    def verify(self) -> Verification:
        """Verify the log against the archive."""
        with open_connection(self.app_url, name="audit") as connection:
            return verify(connection, self.archive)

    @contextmanager
    def superuser(self) -> Iterator[Connection]:
        """Connect as superuser; the privileges used are restored at the end."""
        with psycopg.connect(self.owner_url) as connection:
            connection.execute(TAKE_THE_LOCKS_OFF)
            yield connection
            connection.rollback()


async def append(log: SealedLog, commands: int, *, named: str) -> None:
    """Append commands of one, two and three events in turn, each to its own stream."""
    async with PostgresStore(log.app_url) as store:
        for begins in range(0, commands, COMMANDS_PER_BATCH):
            numbers = range(begins, min(begins + COMMANDS_PER_BATCH, commands))
            batch = [to_append(at(f"{named}-{number}", 0, events=number % 3 + 1)) for number in numbers]
            await store.append(batch)


def sealed_log(owner_url: str, app_url: str, folder: Path) -> SealedLog:
    """Return a log with a seal archive in a folder."""
    return SealedLog(owner_url=owner_url, app_url=app_url, archive=SealArchive(folder / "seals"))
