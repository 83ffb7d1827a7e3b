"""The templates of the generated log for each price category and group size, and their frequencies."""

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
"""The scenarios that start with free seats, with their frequencies in percent."""

SHOP: tuple[ScenarioFn, ...] = (setup.open_house, setup.announce)
"""The scenarios that precede all bookings."""

GroupKind = tuple[str, int]
"""A price category and a group size."""

GROUP_KINDS: tuple[GroupKind, ...] = tuple(product((category for _, category, _ in SECTIONS), GROUP_SIZES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The templates; those of a group kind apply to its groups of seats."""

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
        """The average number of events of a booking, without the scenarios after a sale."""
        shares = [share for _, share in BOOKINGS]
        return fmean(
            (
                fmean((template.events for template in self.bookings[category, size]), shares)
                for category, size in GROUP_KINDS
            ),
            [GROUP_SHARES[GROUP_SIZES.index(size)] for _, size in GROUP_KINDS],
        )


async def record_templates(house: GeneratedVenue) -> Templates:
    """Record every scenario once for each group kind."""
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
    """Record the scenarios that follow a sale."""
    return {
        company: await record_template(TemplateRecorder(house, *company), scenario, *SHOP, scenarios.buy)
        for company in GROUP_KINDS
    }


async def record_template(recorder: TemplateRecorder, scenario: ScenarioFn, *before: ScenarioFn) -> Template:
    """Run the preceding scenarios, then record the scenario itself."""
    for earlier in before:
        await earlier(recorder)
        await recorder.finish()
    await scenario(recorder)
    return await recorder.finish()
