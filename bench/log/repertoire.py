"""Every scene of the made-up log, rehearsed for each price category and number of people; how often each is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from statistics import fmean

from bench.log import opening, stories
from bench.log.house import PARTIES, PARTY_SHARES, SECTIONS, House
from bench.log.rehearsal import Rehearsal, Scene
from bench.log.stories import Play

BOOKINGS: tuple[tuple[Play, int], ...] = (
    (stories.bought_at_once, 30),
    (stories.bought, 22),
    (stories.bought_slowly, 4),
    (stories.taken_over, 3),
    (stories.lapsed, 17),
    (stories.not_paid, 8),
    (stories.declined, 4),
    (stories.released, 9),
    (stories.blocked, 3),
)
"""What becomes of free seats, and how many of a hundred times."""

SHOP: tuple[Play, ...] = (opening.open_house, opening.announce)
"""What must have happened before anybody can book."""

Company = tuple[str, int]
"""A price category, and how many people come together."""

COMPANIES: tuple[Company, ...] = tuple(product((category for _, category, _ in SECTIONS), PARTIES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repertoire:
    """The scenes; those of a company are told with its seats."""

    opening: Scene
    announcement: Scene
    arrival: Scene
    turned_away: Scene
    bookings: Mapping[Company, list[Scene]]
    blocking: Mapping[Company, Scene]
    refunded: Mapping[Company, Scene]
    refused: Mapping[Company, Scene]
    entering: Mapping[Company, Scene]

    @property
    def events_per_booking(self) -> float:
        """How many events come of one booking, without what follows on a sale."""
        shares = [share for _, share in BOOKINGS]
        return fmean(
            (fmean((scene.events for scene in self.bookings[category, size]), shares) for category, size in COMPANIES),
            [PARTY_SHARES[PARTIES.index(size)] for _, size in COMPANIES],
        )


async def rehearse(house: House) -> Repertoire:
    """Play every story once for each company."""
    return Repertoire(
        opening=await scene_of(Rehearsal(house, *COMPANIES[0]), opening.open_house),
        announcement=await scene_of(Rehearsal(house, *COMPANIES[0]), opening.announce, opening.open_house),
        arrival=await scene_of(Rehearsal(house, *COMPANIES[0]), opening.come),
        turned_away=await scene_of(Rehearsal(house, *COMPANIES[0]), stories.turned_away, *SHOP),
        bookings={
            company: [await scene_of(Rehearsal(house, *company), play, *SHOP) for play, _ in BOOKINGS]
            for company in COMPANIES
        },
        blocking={company: await scene_of(Rehearsal(house, *company), stories.blocked, *SHOP) for company in COMPANIES},
        refunded=await after_sale(house, stories.refunded),
        refused=await after_sale(house, stories.refused),
        entering=await after_sale(house, stories.enter),
    )


async def after_sale(house: House, play: Play) -> dict[Company, Scene]:
    """Rehearse what follows on a sale."""
    return {company: await scene_of(Rehearsal(house, *company), play, *SHOP, stories.bought) for company in COMPANIES}


async def scene_of(rehearsal: Rehearsal, play: Play, *before: Play) -> Scene:
    """Play what must have happened before, then the scene itself."""
    for earlier in before:
        await earlier(rehearsal)
        await rehearsal.cut()
    await play(rehearsal)
    return await rehearsal.cut()
