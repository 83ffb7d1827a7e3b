"""The gateway's books: every checkout, refund, dispute, movement of money and webhook, in one file of its own."""

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
    """All that the gateway knows. Each method is one transaction, so a kill -9 at any line leaves it whole."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            LedgerInUse: another process has it open.
        """
        self._file = LedgerFile(path)
        self.checkouts = Checkouts(self._file)
        self.disputes = Disputes(self._file)
        self.refunds = Refunds(self._file)
        self.deliveries = Deliveries(self._file)

    def entries(self, *, after: int, limit: int) -> list[Entry]:
        """Return the movements of money after entry number `after`, oldest first."""
        with self._file.transaction() as connection:
            rows = connection.execute(sql.ENTRIES_AFTER, {"after": after, "limit": limit})
            return [Entry(**row) for row in rows]

    def settle_due(self, now: datetime) -> int:
        """Do what the clock demands: expire, capture late, complete pending refunds; return how much that was."""
        return self.checkouts.settle_due(now) + self.refunds.settle_due(now)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
