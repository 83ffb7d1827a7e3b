"""What plays in the demo: a dozen shows in three houses, dated around the day the demo is first started."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

from domain.values import Price
from runtime.demo.venues import arena, stadium, theatre

DISCOUNT_MAX = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoVenue:
    """A venue of the demo and the drawing of it."""

    key: str
    name: str
    address: str
    city: str
    country: str
    time_zone: str
    document: Callable[[], dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """An event, the days from today on which it plays, and from when it is on sale (days from today)."""

    key: str
    house: str
    title: str
    category: str
    description: str
    days: tuple[int, ...]
    starts: time = time(19, 30)
    dearest: int
    """The price of the best category for an adult, in cents; the others step down from it."""
    on_sale_days: int = -30


HOUSES = (
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
        house="lyric",
        title="The Tempest",
        category="Theatre",
        description="An island, a storm and a reckoning, in two hours without interval.",
        days=(1, 2, 8),
        dearest=7800,
    ),
    Show(
        key="winterreise",
        house="lyric",
        title="Winterreise by candlelight",
        category="Classical",
        description="Schubert's song cycle for one voice and one piano.",
        days=(4,),
        starts=time(20, 0),
        dearest=5400,
    ),
    Show(
        key="clockmaker",
        house="lyric",
        title="The Clockmaker's Daughter",
        category="Musical",
        description="A new musical about a town that forgot what time it was.",
        days=(11, 12, 13),
        dearest=9900,
    ),
    Show(
        key="owls",
        house="lyric",
        title="Owls in the Attic",
        category="Family",
        description="Puppets, feathers and a very small ladder. From four years.",
        days=(5, 6),
        starts=time(11, 0),
        dearest=2400,
    ),
    Show(
        key="quartets",
        house="lyric",
        title="Late Quartets",
        category="Classical",
        description="Beethoven's opus 130 to 135 on three evenings.",
        days=(20, 21, 22),
        dearest=6200,
    ),
    Show(
        key="derby",
        house="park",
        title="City against United",
        category="Football",
        description="The match of the year. Doors open two hours before kick-off.",
        days=(9,),
        starts=time(15, 0),
        dearest=12000,
    ),
    Show(
        key="cup",
        house="park",
        title="Cup quarter-final",
        category="Football",
        description="Extra time and penalties if needed.",
        days=(23,),
        starts=time(19, 45),
        dearest=8500,
    ),
    Show(
        key="lanterns",
        house="park",
        title="Paper Lanterns: the farewell tour",
        category="Concert",
        description="Three hours, all the songs, one last time.",
        days=(40,),
        starts=time(18, 30),
        dearest=14500,
        on_sale_days=7,
    ),
    Show(
        key="tides",
        house="docks",
        title="Tides",
        category="Concert",
        description="The whole new album, played from start to end. Standing room and tiers.",
        days=(3, 4),
        starts=time(20, 30),
        dearest=6900,
    ),
    Show(
        key="basket",
        house="docks",
        title="Harbour Hawks: home game",
        category="Basketball",
        description="League game of the Hawks against the Anchors.",
        days=(7, 14),
        starts=time(18, 0),
        dearest=3900,
    ),
    Show(
        key="circus",
        house="docks",
        title="Circus without a tent",
        category="Family",
        description="Acrobats, one horse, no clowns.",
        days=(16, 17),
        starts=time(15, 0),
        dearest=4500,
    ),
    Show(
        key="synth",
        house="docks",
        title="Night of the Synthesizers",
        category="Concert",
        description="Six acts, forty oscillators, until late.",
        days=(30,),
        starts=time(21, 0),
        dearest=5200,
    ),
)


def prices(categories: tuple[str, ...], dearest: int) -> tuple[Price, ...]:
    """Step down from the best category, given first, to the last; a child pays half. Amounts are whole euros."""
    adult = {
        category: round(int(dearest * (1 - DISCOUNT_MAX * place / len(categories))), -2)
        for place, category in enumerate(categories)
    }
    child = {category: round(amount // 2, -2) for category, amount in adult.items()}
    return tuple(
        Price(category=category, ticket_type=ticket_type, amount=amounts[category])
        for ticket_type, amounts in (("adult", adult), ("child", child))
        for category in categories
    )
