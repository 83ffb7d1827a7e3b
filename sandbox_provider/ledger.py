"""The gateway's ledger: checkouts, refunds, disputes, money entries and webhooks, in one file."""

from datetime import datetime
from pathlib import Path

from sandbox_provider import sql
from sandbox_provider.checkouts import Checkouts
from sandbox_provider.deliveries import Deliveries
from sandbox_provider.disputes import Disputes
from sandbox_provider.models import Entry
from sandbox_provider.refunds import Refunds
from sandbox_provider.sqlite_store import LedgerFile


class Ledger:
    """The state of the gateway. Each method is one transaction, so it stays consistent after a kill -9."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            LedgerInUse: another process has it open.
        """
        self._file = LedgerFile(path)
        self.checkouts = Checkouts(self._file)
        self.disputes = Disputes(self._file)
        self.refunds = Refunds(self._file)
        self.deliveries = Deliveries(self._file)

    def entries(self, *, after: int, limit: int) -> list[Entry]:
        """Return the money entries after number `after`, oldest first."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.ENTRIES_AFTER, {"after": after, "limit": limit})
            return [Entry(**row) for row in rows]

    def settle_due(self, now: datetime) -> int:
        """Expire checkouts, make late captures and complete pending refunds that are due; return their number."""
        return self.checkouts.settle_due(now) + self.refunds.settle_due(now)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
