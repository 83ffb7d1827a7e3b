"""What was sold: organizers see their own, admins everything."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.commands import MinPosition, caught_up, shown
from api.engine import engine_of
from api.identity import identity_of
from api.presenters.values import Body, money
from api.routing import business_router
from api.schemas.reports import SalesReport
from api.visibility import organizers_of
from domain.errors import Forbidden
from domain.values import Role
from projections import catalogue
from projections.sales import NAME, Sale, report_sales

COUNTS = ("sold", "returned")
AMOUNTS = ("gross", "returned_gross", "refunded")

router = business_router("reports")


@router.get("/reports/sales", responses={200: {"model": SalesReport}})
async def sales(
    request: Request,
    *,
    organizer_id: Annotated[UUID | None, Query(description="Only this organizer's.")] = None,
    performance_id: Annotated[UUID | None, Query(description="Only this performance's.")] = None,
    since: Annotated[date | None, Query(alias="from", description="The first day (UTC).")] = None,
    until: Annotated[date | None, Query(alias="to", description="The last day (UTC).")] = None,
    min_position: MinPosition = None,
) -> Response:
    """Report sales by performance, day, category and ticket type, with totals per currency."""
    await caught_up(request, min_position, NAME, catalogue.NAME)
    found = await report_sales(
        engine_of(request).read_models,
        organizers=await reported(request, organizer_id),
        performance=str(performance_id) if performance_id else None,
        since=since,
        until=until,
    )
    items = [sold_on_day(sale) for sale in found.sales]
    return shown({"position": found.position, "totals": totals(found.sales), "items": items, "next": None})


async def reported(request: Request, wished: UUID | None) -> list[str] | None:
    """Return the organizers whose sales the sender may see and wants to; None: all.

    Raises:
        Forbidden: none of their own, or somebody else's.
    """
    identity = identity_of(request)
    if wished is not None:
        await identity.must_act_for(str(wished), Role.ORGANIZER)
        return [str(wished)]
    if await identity.holds(Role.ADMIN):
        return None
    own = await organizers_of(request, identity, Role.ORGANIZER)
    if not own:
        raise Forbidden("This takes the role organizer within an organizer.")
    return own


def sold_on_day(sale: Sale) -> Body:
    """Show one row of the report."""
    return {
        "organizer_id": sale.organizer,
        "performance_id": sale.performance,
        "day": sale.day,
        "category": sale.category,
        "ticket_type": sale.ticket_type,
        **{name: getattr(sale, name) for name in COUNTS},
        **{name: money(getattr(sale, name), sale.currency) for name in AMOUNTS},
    }


def totals(sales: Sequence[Sale]) -> list[Body]:
    """Sum the rows of each currency."""
    sums: dict[str, Counter[str]] = {}
    for sale in sales:
        summed = sums.setdefault(sale.currency, Counter())
        summed.update({name: getattr(sale, name) for name in (*COUNTS, *AMOUNTS)})
    return [
        {
            **{name: summed[name] for name in COUNTS},
            **{name: money(summed[name], currency) for name in AMOUNTS},
        }
        for currency, summed in sorted(sums.items())
    ]
