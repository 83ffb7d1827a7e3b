"""Every scene of the made-up log, rehearsed for each price category and number of people; how often each is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from statistics import fmean

from bench.log import opening, stories
from bench.log.house import GROUP_SHARES, GROUP_SIZES, SECTIONS, GeneratedVenue
from bench.log.rehearsal import Template, TemplateRecorder
from bench.log.stories import ScenarioFn

BOOKINGS: tuple[tuple[ScenarioFn, int], ...] = (
    (stories.bought_at_once, 30),
    (stories.bought, 22),
    (stories.bought_slowly, 4),
    (stories.lapse_and_rebook, 3),
    (stories.lapsed, 17),
    (stories.not_paid, 8),
    (stories.declined, 4),
    (stories.released, 9),
    (stories.blocked, 3),
)
"""What becomes of free seats, and how many of a hundred times."""

SHOP: tuple[ScenarioFn, ...] = (opening.open_house, opening.announce)
"""What must have happened before anybody can book."""

GroupKind = tuple[str, int]
"""A price category, and how many people come together."""

GROUP_KINDS: tuple[GroupKind, ...] = tuple(product((category for _, category, _ in SECTIONS), GROUP_SIZES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The scenes; those of a company are told with its seats."""

    opening: Template
    announcement: Template
    arrival: Template
    rejected_scans: Template
    bookings: Mapping[GroupKind, list[Template]]
    blocking: Mapping[GroupKind, Template]
    refunded: Mapping[GroupKind, Template]
    refused: Mapping[GroupKind, Template]
    entering: Mapping[GroupKind, Template]

    @property
    def events_per_booking(self) -> float:
        """How many events come of one booking, without what follows on a sale."""
        shares = [share for _, share in BOOKINGS]
        return fmean(
            (
                fmean((template.events for template in self.bookings[category, size]), shares)
                for category, size in GROUP_KINDS
            ),
            [GROUP_SHARES[GROUP_SIZES.index(size)] for _, size in GROUP_KINDS],
        )


async def record_templates(house: GeneratedVenue) -> Templates:
    """Play every story once for each company."""
    return Templates(
        opening=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), opening.open_house),
        announcement=await record_template(
            TemplateRecorder(house, *GROUP_KINDS[0]), opening.announce, opening.open_house
        ),
        arrival=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), opening.come),
        rejected_scans=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), stories.reject_scan, *SHOP),
        bookings={
            company: [
                await record_template(TemplateRecorder(house, *company), scenario, *SHOP) for scenario, _ in BOOKINGS
            ]
            for company in GROUP_KINDS
        },
        blocking={
            company: await record_template(TemplateRecorder(house, *company), stories.blocked, *SHOP)
            for company in GROUP_KINDS
        },
        refunded=await after_sale(house, stories.refunded),
        refused=await after_sale(house, stories.reject_refund),
        entering=await after_sale(house, stories.enter),
    )


async def after_sale(house: GeneratedVenue, scenario: ScenarioFn) -> dict[GroupKind, Template]:
    """Rehearse what follows on a sale."""
    return {
        company: await record_template(TemplateRecorder(house, *company), scenario, *SHOP, stories.bought)
        for company in GROUP_KINDS
    }


async def record_template(recorder: TemplateRecorder, scenario: ScenarioFn, *before: ScenarioFn) -> Template:
    """Play what must have happened before, then the scene itself."""
    for earlier in before:
        await earlier(recorder)
        await recorder.finish()
    await scenario(recorder)
    return await recorder.finish()
