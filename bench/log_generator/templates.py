"""Every scene of the made-up log, rehearsed for each price category and number of people; how often each is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from statistics import fmean

from bench.log_generator import scenarios, setup
from bench.log_generator.scenarios import ScenarioFn
from bench.log_generator.template_recorder import Template, TemplateRecorder
from bench.log_generator.venue import GROUP_SHARES, GROUP_SIZES, SECTIONS, GeneratedVenue

BOOKINGS: tuple[tuple[ScenarioFn, int], ...] = (
    (scenarios.buy_at_once, 30),
    (scenarios.buy, 22),
    (scenarios.buy_slowly, 4),
    (scenarios.lapse_and_rebook, 3),
    (scenarios.let_lapse, 17),
    (scenarios.leave_unpaid, 8),
    (scenarios.fail_payment, 4),
    (scenarios.release, 9),
    (scenarios.block_and_unblock, 3),
)
"""What becomes of free seats, and how many of a hundred times."""

SHOP: tuple[ScenarioFn, ...] = (setup.open_house, setup.announce)
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
        opening=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), setup.open_house),
        announcement=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), setup.announce, setup.open_house),
        arrival=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), setup.register_buyer),
        rejected_scans=await record_template(TemplateRecorder(house, *GROUP_KINDS[0]), scenarios.reject_scan, *SHOP),
        bookings={
            company: [
                await record_template(TemplateRecorder(house, *company), scenario, *SHOP) for scenario, _ in BOOKINGS
            ]
            for company in GROUP_KINDS
        },
        blocking={
            company: await record_template(TemplateRecorder(house, *company), scenarios.block_and_unblock, *SHOP)
            for company in GROUP_KINDS
        },
        refunded=await after_sale(house, scenarios.refund),
        refused=await after_sale(house, scenarios.reject_refund),
        entering=await after_sale(house, scenarios.enter),
    )


async def after_sale(house: GeneratedVenue, scenario: ScenarioFn) -> dict[GroupKind, Template]:
    """Rehearse what follows on a sale."""
    return {
        company: await record_template(TemplateRecorder(house, *company), scenario, *SHOP, scenarios.buy)
        for company in GROUP_KINDS
    }


async def record_template(recorder: TemplateRecorder, scenario: ScenarioFn, *before: ScenarioFn) -> Template:
    """Play what must have happened before, then the scene itself."""
    for earlier in before:
        await earlier(recorder)
        await recorder.finish()
    await scenario(recorder)
    return await recorder.finish()
