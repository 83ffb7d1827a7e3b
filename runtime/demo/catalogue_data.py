"""The demo's catalogue: a dozen events in three venues, dated relative to the demo's first start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

from domain.values import Price
from runtime.demo.venues import arena, stadium, theatre

DISCOUNT_MAX = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoVenue:
    """A venue of the demo and the function that draws its layout."""

    key: str
    name: str
    address: str
    city: str
    country: str
    time_zone: str
    document: Callable[[], dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """An event with its performances; days count from the demo's first start."""

    key: str
    venue: str
    title: str
    category: str
    description: str
    days: tuple[int, ...]
    starts: time = time(19, 30)
    top_price_cents: int
    """An adult's price in the best category; the other prices are derived from it."""
    on_sale_days: int = -30


VENUES = (
    DemoVenue(
        key="lyric",
        name="Lyric Theatre",
        address="Lindenplatz 4",
        city="Hamburg",
        country="DE",
        time_zone="Europe/Berlin",
        document=theatre,
    ),
    DemoVenue(
        key="park",
        name="Northern Park Stadium",
        address="Park Road 1",
        city="Manchester",
        country="GB",
        time_zone="Europe/London",
        document=stadium,
    ),
    DemoVenue(
        key="docks",
        name="Dockside Arena",
        address="Quai 12",
        city="Rotterdam",
        country="NL",
        time_zone="Europe/Amsterdam",
        document=arena,
    ),
)

SHOWS = (
    Show(
        key="tempest",
        venue="lyric",
        title="The Tempest",
        category="Theatre",
        description="An island, a storm and a reckoning, in two hours without interval.",
        days=(1, 2, 8),
        top_price_cents=7800,
    ),
    Show(
        key="winterreise",
        venue="lyric",
        title="Winterreise by candlelight",
        category="Classical",
        description="Schubert's song cycle for one voice and one piano.",
        days=(4,),
        starts=time(20, 0),
        top_price_cents=5400,
    ),
    Show(
        key="clockmaker",
        venue="lyric",
        title="The Clockmaker's Daughter",
        category="Musical",
        description="A new musical about a town that forgot what time it was.",
        days=(11, 12, 13),
        top_price_cents=9900,
    ),
    Show(
        key="owls",
        venue="lyric",
        title="Owls in the Attic",
        category="Family",
        description="Puppets, feathers and a very small ladder. From four years.",
        days=(5, 6),
        starts=time(11, 0),
        top_price_cents=2400,
    ),
    Show(
        key="quartets",
        venue="lyric",
        title="Late Quartets",
        category="Classical",
        description="Beethoven's opus 130 to 135 on three evenings.",
        days=(20, 21, 22),
        top_price_cents=6200,
    ),
    Show(
        key="derby",
        venue="park",
        title="City against United",
        category="Football",
        description="The match of the year. Doors open two hours before kick-off.",
        days=(9,),
        starts=time(15, 0),
        top_price_cents=12000,
    ),
    Show(
        key="cup",
        venue="park",
        title="Cup quarter-final",
        category="Football",
        description="Extra time and penalties if needed.",
        days=(23,),
        starts=time(19, 45),
        top_price_cents=8500,
    ),
    Show(
        key="lanterns",
        venue="park",
        title="Paper Lanterns: the farewell tour",
        category="Concert",
        description="Three hours, all the songs, one last time.",
        days=(40,),
        starts=time(18, 30),
        top_price_cents=14500,
        on_sale_days=7,
    ),
    Show(
        key="tides",
        venue="docks",
        title="Tides",
        category="Concert",
        description="The whole new album, played from start to end. Standing room and tiers.",
        days=(3, 4),
        starts=time(20, 30),
        top_price_cents=6900,
    ),
    Show(
        key="basket",
        venue="docks",
        title="Harbour Hawks: home game",
        category="Basketball",
        description="League game of the Hawks against the Anchors.",
        days=(7, 14),
        starts=time(18, 0),
        top_price_cents=3900,
    ),
    Show(
        key="circus",
        venue="docks",
        title="Circus without a tent",
        category="Family",
        description="Acrobats, one horse, no clowns.",
        days=(16, 17),
        starts=time(15, 0),
        top_price_cents=4500,
    ),
    Show(
        key="synth",
        venue="docks",
        title="Night of the Synthesizers",
        category="Concert",
        description="Six acts, forty oscillators, until late.",
        days=(30,),
        starts=time(21, 0),
        top_price_cents=5200,
    ),
)


def price_list(categories: tuple[str, ...], top_price_cents: int) -> tuple[Price, ...]:
    """Return a price per category and ticket type, in whole euros.

    Prices fall linearly from the first category to the last, and a child pays half.
    """
    adult = {
        category: round(int(top_price_cents * (1 - DISCOUNT_MAX * rank / len(categories))), -2)
        for rank, category in enumerate(categories)
    }
    child = {category: round(amount // 2, -2) for category, amount in adult.items()}
    return tuple(
        Price(category=category, ticket_type=ticket_type, amount=amounts[category])
        for ticket_type, amounts in (("adult", adult), ("child", child))
        for category in categories
    )
