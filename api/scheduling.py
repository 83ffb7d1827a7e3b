"""From what organizers write about prices and limits to what the domain decides on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from api.engine import Engine
from api.schemas.performances import EntryRulesRequest, LimitsWish, PerformanceChange, PriceWish
from domain.errors import Invalid
from domain.performance import require_performance
from domain.scheduling import ChangePerformance, EntryRulesChange
from domain.values import EntryRules, Limits, Price

NO_LIMITS = Limits(seats_per_order=None, seats_per_buyer=None, live_holds_per_buyer=None)


async def prices_of(engine: Engine, layout: str, wishes: Sequence[PriceWish]) -> tuple[str, tuple[Price, ...]]:
    """Return the one currency, and the prices by the keys of the layout's categories.

    Raises:
        Invalid: several currencies, or categories the layout does not have; names all of them.
        NotFound: there is no such layout.
    """
    categories = await engine.drawings.categories_of(layout)
    unknown = sorted({wish.category for wish in wishes} - categories.keys())
    if unknown:
        known = sorted(set(categories.values()))
        raise Invalid("The layout has no such categories.", categories=unknown, known_categories=known)
    currencies = sorted({wish.price.currency for wish in wishes})
    if len(currencies) > 1:
        raise Invalid("A performance is sold in one currency.", currencies=currencies)
    prices = tuple(
        Price(category=categories[wish.category], ticket_type=wish.ticket_type, amount=wish.price.amount)
        for wish in wishes
    )
    return currencies[0], prices


def limits_of(wish: LimitsWish | None) -> Limits:
    """Return the limits; None: none beside the hard cap."""
    return NO_LIMITS if wish is None else Limits(**wish.model_dump())


def limits_changes(wish: PerformanceChange) -> Mapping[str, int | None] | None:
    """Return the limits that are to be different, by name; None: no one is. `limits: null` takes all of them away."""
    if "limits" not in wish.model_fields_set:
        return None
    return asdict(NO_LIMITS) if wish.limits is None else wish.limits.model_dump(exclude_unset=True)


def entry_rules_of(wish: EntryRulesRequest) -> EntryRules:
    """Return what the gates demand."""
    return EntryRules(**wish.model_dump())


async def changed(engine: Engine, performance: str, wish: PerformanceChange) -> ChangePerformance:
    """Return the command for a wish; what it leaves out stays as it is.

    Raises:
        Invalid: prices in another currency, or for categories the layout does not have.
    """
    prices: tuple[Price, ...] | None = None
    if wish.prices is not None:
        state = await engine.handler.query(lambda context: require_performance(context, performance))
        currency, prices = await prices_of(engine, state.layout, wish.prices)
        if currency != state.currency:
            raise Invalid(f"This performance is sold in {state.currency}.", currency=state.currency)
    return ChangePerformance(
        performance=performance,
        starts_at=wish.starts_at,
        doors_at=wish.doors_at,
        without_doors_at="doors_at" in wish.model_fields_set and wish.doors_at is None,
        on_sale_at=wish.on_sale_at,
        prices=prices,
        limits=limits_changes(wish),
        sales=wish.sales,
        entry_rules=None if wish.entry_rules is None else EntryRulesChange(**wish.entry_rules.model_dump()),
    )
