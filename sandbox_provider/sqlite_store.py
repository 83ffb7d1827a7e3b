"""The SQLite file of the gateway's ledger: one owning process, one transaction at a time, durable commits."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sandbox_provider import sql
from sandbox_provider.models import CheckoutStatus, DeliveryState, DisputeStatus, EntryKind, LedgerInUse, RefundStatus

OWNER_GONE_WITHIN_S = 1.0


def _time_to_text(time: datetime) -> str:
    """Return a time as text in UTC, so that the order of texts is the order of times."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


sqlite3.register_adapter(datetime, _time_to_text)
sqlite3.register_converter("utc_time", lambda text: datetime.fromisoformat(text.decode()))
for _column_type, _enum in (
    ("checkout_status", CheckoutStatus),
    ("refund_status", RefundStatus),
    ("dispute_status", DisputeStatus),
    ("entry_kind", EntryKind),
    ("delivery_state", DeliveryState),
):
    sqlite3.register_converter(_column_type, lambda text, _enum=_enum: _enum(text.decode()))  # type: ignore[misc]


class LedgerFile:
    """One open file, usable from any thread; transactions run one after the other."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, and lock it exclusively until `close` or the end of the process.

        Raises:
            LedgerInUse: another process owns it.
        """
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path,
            timeout=OWNER_GONE_WITHIN_S,
            detect_types=sqlite3.PARSE_DECLTYPES,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection.row_factory = sqlite3.Row
        try:
            self._lock_file()
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise LedgerInUse(f"{path} cannot be opened for writing: {error}") from error

    def _lock_file(self) -> None:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(sql.SCHEMA)

    @contextmanager
    def transaction(self, *, to_disk: bool = True) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction; commits survive a crash of the process.

        Args:
            to_disk: commits survive a crash of the machine as well; False saves the sync where work may be repeated.
        """
        with self._lock:
            self._connection.execute("PRAGMA synchronous = FULL" if to_disk else "PRAGMA synchronous = NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
