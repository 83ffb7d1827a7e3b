"""Progress of the refunds of a cancelled performance."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.engine.queries import ReadModelQueries
from projections.my_orders import query_sql as sql
from projections.my_orders.fold import NAME

UNREFUNDED_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrefundedOrder:
    """An order whose refund needs support; `failure`: provider's reason, `disputed`, `rejected` or `written_off`."""

    order_id: str
    order_code: str
    refund: str
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundProgress:
    """Number of confirmed orders of a performance by the state of their refunds; `refunded_amount` in minor units.

    `unrefunded`: the first `UNREFUNDED_SHOWN_MAX` of the `failed` orders.
    """

    position: int
    orders: int
    refunded: int
    failed: int
    refunded_amount: int
    unrefunded: Sequence[UnrefundedOrder]

    @property
    def remaining(self) -> int:
        """Count the orders that are neither refunded nor failed yet."""
        return self.orders - self.refunded - self.failed


async def refund_progress(models: ReadModelQueries, *, performance: str) -> RefundProgress:
    """Return the progress of the refunds of a performance's confirmed orders."""
    parameters = {"performance": performance, "limit": UNREFUNDED_SHOWN_MAX}
    found = await models.fetch([NAME], sql.REFUND_PROGRESS, parameters)
    (row,) = found.rows
    return RefundProgress(
        position=found.position,
        orders=row["orders"],
        refunded=row["refunded"],
        failed=row["failed"],
        refunded_amount=row["refunded_amount"],
        unrefunded=[UnrefundedOrder(**each) for each in row["unrefunded"] or ()],
    )
