"""Conversion of organizers' requests about prices, limits and rules to domain values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from api.dependencies import Services
from api.schemas.performances import EntryRulesRequest, LimitsRequest, PerformanceChange, PriceRequest
from domain.decisions.scheduling import ChangePerformance, EntryRulesChange
from domain.errors import Invalid
from domain.performance import require_performance
from domain.values import EntryRules, Limits, Price

NO_LIMITS = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)


async def prices_of(services: Services, layout: str, requests: Sequence[PriceRequest]) -> tuple[str, tuple[Price, ...]]:
    """Return the currency of the prices, and the prices by the keys of the layout's categories.

    Raises:
        Invalid: several currencies, or unknown categories; lists all of them.
        NotFound: no such layout.
    """
    categories = await services.layout_documents.get_categories(layout)
    unknown = sorted({price.category for price in requests} - categories.keys())
    if unknown:
        known = sorted(set(categories.values()))
        raise Invalid("The layout does not have these categories.", categories=unknown, known_categories=known)
    currencies = sorted({price.price.currency for price in requests})
    if len(currencies) > 1:
        raise Invalid("All prices of a performance must have the same currency.", currencies=currencies)
    prices = tuple(
        Price(category=categories[price.category], ticket_type=price.ticket_type, amount=price.price.amount)
        for price in requests
    )
    return currencies[0], prices


def limits_of(request_body: LimitsRequest | None) -> Limits:
    """Return the limits; None: no limits beside the maximum of seats per hold."""
    return NO_LIMITS if request_body is None else Limits(**request_body.model_dump())


def limits_changes(request_body: PerformanceChange) -> Mapping[str, int | None] | None:
    """Return the changed limits by name; None: no change. `limits: null` removes all of them."""
    if "limits" not in request_body.model_fields_set:
        return None
    return asdict(NO_LIMITS) if request_body.limits is None else request_body.limits.model_dump(exclude_unset=True)


def entry_rules_of(request_body: EntryRulesRequest) -> EntryRules:
    """Return the entry rules."""
    return EntryRules(**request_body.model_dump())


async def to_change_command(services: Services, performance: str, request_body: PerformanceChange) -> ChangePerformance:
    """Return the command for a request; omitted fields do not change.

    Raises:
        Invalid: prices in another currency, or for unknown categories.
    """
    prices: tuple[Price, ...] | None = None
    if request_body.prices is not None:
        state = await services.handler.query(lambda context: require_performance(context, performance))
        currency, prices = await prices_of(services, state.layout, request_body.prices)
        if currency != state.currency:
            raise Invalid(f"This performance is sold in {state.currency}.", currency=state.currency)
    return ChangePerformance(
        performance=performance,
        starts_at=request_body.starts_at,
        doors_at=request_body.doors_at,
        without_doors_at="doors_at" in request_body.model_fields_set and request_body.doors_at is None,
        on_sale_at=request_body.on_sale_at,
        prices=prices,
        limits=limits_changes(request_body),
        sales=request_body.sales,
        entry_rules=None
        if request_body.entry_rules is None
        else EntryRulesChange(**request_body.entry_rules.model_dump()),
    )
