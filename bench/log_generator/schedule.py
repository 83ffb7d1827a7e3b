"""Spreads instances of the templates over several weeks, determined by one seed."""

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from random import Random

from bench.log_generator.instances import (
    Command,
    GenerationPlan,
    Performance,
    TemplateInstance,
    group_kind_of,
    iso,
    remove_random,
)
from bench.log_generator.template_recorder import ROLES, Template
from bench.log_generator.templates import BOOKINGS, Templates
from bench.log_generator.venue import GeneratedVenue, SeatGroup
from domain.values import derived_id, order_code

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
PERFORMANCES_PER_ORGANIZER = 6
ON_SALE_WINDOWS = 2
"""The number of performances on sale at the same time."""

NEW_BUYERS = 0.4
REFUNDS = 0.08
REFUSED_REFUNDS = 0.15
ATTENDANCE = 0.9
TURNED_AWAY = 0.01
PACE = 0.97
"""Relative to the rate that would end the schedule exactly in time."""


NOTHING: Mapping[str, object] = {}


class Schedule:
    """A sequence of commands with exactly the planned number of events.

    Args:
        random: the source of all random choices.
    """

    def __init__(self, *, house: GeneratedVenue, repertoire: Templates, plan: GenerationPlan, random: Random) -> None:
        self._house = house
        self._repertoire = repertoire
        self._plan = plan
        self._random = random
        self._position = plan.after
        self._end = plan.after + plan.events
        self._due: list[tuple[int, int, TemplateInstance]] = []
        self._serials = count()
        self._buyers: list[str] = []
        self._organizers: list[dict[str, object]] = []
        self._live: list[Performance] = []
        self.performances: list[Performance] = []
        self._window_us = (plan.until_us - plan.since_us) // (plan.performances + 1)
        self._shares = [share for _, share in BOOKINGS]
        self._events_per_booking = repertoire.events_per_booking

    def commands(self) -> Iterator[Command]:
        """Yield the commands in the order of time."""
        clock = self._plan.since_us
        while self._position < self._end:
            self._open_and_close(clock)
            self._arrive(clock)
            clock += self._pause(clock)
            while self._due and self._due[0][0] <= clock and self._position < self._end:
                at_us, _, instance = heappop(self._due)
                yield self._next(instance, at_us)

    def _pause(self, clock: int) -> int:
        left = max(1.0, (self._end - self._position) / self._events_per_booking)
        return int(self._random.uniform(0.5, 1.5) * PACE * (self._plan.until_us - clock) / (left + 1)) + 1

    def _next(self, instance: TemplateInstance, at_us: int) -> Command:
        template = instance.scene.deeds[instance.step]
        if len(template.parts) > self._end - self._position:  # the last events must fit
            instance = self._new_instance(
                self._repertoire.rejected_scans, at_us, self._random.choice(self.performances)
            )
            (template,) = instance.scene.deeds
        lines = (template.text % instance.values).encode().split(b"\n")
        own, shared = instance.versions, instance.performance.versions if instance.performance else {}
        versions = []
        for part, stream in zip(template.parts, lines[1::2], strict=True):
            known = shared if part.shared else own
            version = known[stream] = known.get(stream, 0) + 1
            versions.append(version)
        command = Command(
            deed=template,
            position=self._position + 1,
            at_us=at_us,
            command_id=self._id(at_us).to_bytes(16),
            account=template.account % instance.values,
            lines=lines,
            versions=versions,
        )
        self._position += len(versions)
        instance.values["cause"] = self._position
        instance.step += 1
        if instance.step < len(instance.scene.deeds):
            self._await(instance)
        else:
            self._ended(instance, at_us)
        return command

    def _await(self, instance: TemplateInstance) -> None:
        due_us = instance.begins_us + instance.scene.deeds[instance.step].after_us
        heappush(self._due, (due_us, instance.serial, instance))

    def _ended(self, instance: TemplateInstance, at_us: int) -> None:
        performance, group = instance.performance, instance.party
        if performance is None or group is None:
            return
        if instance.scene.frees:
            performance.free.append(group)
        elif instance.scene.sells and performance.open:
            performance.sold.append(instance)
        elif instance.scene.sells:
            self._go_on(instance, self._repertoire.entering[group_kind_of(group)], at_us)

    def _open_and_close(self, clock: int) -> None:
        plan, number = self._plan, len(self.performances)
        if number < plan.performances and clock >= plan.since_us + number * self._window_us:
            self._announce(clock)
        for performance in [each for each in self._live if each.doors_us <= clock]:
            self._live.remove(performance)
            performance.open = False
            for instance in performance.sold:
                self._let_in(instance, clock)
            performance.sold = []

    def _let_in(self, instance: TemplateInstance, clock: int) -> None:
        assert instance.party is not None
        if self._random.random() < ATTENDANCE:
            at_us = clock + self._random.randrange(HOUR_US)
            self._go_on(instance, self._repertoire.entering[group_kind_of(instance.party)], at_us)

    def _announce(self, clock: int) -> None:
        if len(self.performances) % PERFORMANCES_PER_ORGANIZER == 0:
            opening = self._new_instance(self._repertoire.opening, clock, known={"number": len(self._organizers) + 1})
            self._organizers.append(opening.values)
            self._await(opening)
        doors_us = clock + ON_SALE_WINDOWS * self._window_us
        announced = self._new_instance(
            self._repertoire.announcement,
            clock,
            known={
                **self._organizers[-1],
                "on_sale_at": iso(clock),
                "doors_at": iso(doors_us),
                "starts_at": iso(doors_us + HOUR_US),
            },
        )
        self._await(announced)
        performance = Performance(announced.values, doors_us, self._house.groups(self._random))
        self.performances.append(performance)
        self._live.append(performance)

    def _arrive(self, clock: int) -> None:
        if self._random.random() < TURNED_AWAY:
            self._await(
                self._new_instance(self._repertoire.rejected_scans, clock, self._random.choice(self.performances))
            )
        performance = self._random.choice(self._live or self.performances)
        may_refund = performance.sold and clock < performance.doors_us - self._random.randrange(2, 5) * HOUR_US
        if may_refund and (not performance.free or self._random.random() < REFUNDS):
            self._request_refund(performance, clock)
        elif performance.free and performance.open:
            self._book(performance, clock)
        else:
            self._await(self._new_instance(self._repertoire.rejected_scans, clock, performance))

    def _request_refund(self, performance: Performance, clock: int) -> None:
        instance = remove_random(performance.sold, self._random)
        assert instance.party is not None
        scenes = self._repertoire.refunded
        if performance.free and self._random.random() < REFUSED_REFUNDS:
            scenes = self._repertoire.refused
        self._go_on(instance, scenes[group_kind_of(instance.party)], clock)

    def _book(self, performance: Performance, clock: int) -> None:
        group = remove_random(performance.free, self._random)
        if self._random.random() < self._plan.seats_alone:
            template = self._repertoire.blocking[group_kind_of(group)]
        else:
            (template,) = self._random.choices(self._repertoire.bookings[group_kind_of(group)], self._shares)
        self._await(self._new_instance(template, clock, performance, group))

    def _go_on(self, instance: TemplateInstance, template: Template, clock: int) -> None:
        instance.scene, instance.begins_us, instance.step = template, clock, 0
        self._fill(instance)
        self._await(instance)

    def _new_instance(
        self,
        template: Template,
        clock: int,
        performance: Performance | None = None,
        group: SeatGroup | None = None,
        known: Mapping[str, object] = NOTHING,
    ) -> TemplateInstance:
        values = {**known, **(performance.values if performance else NOTHING)}
        instance = TemplateInstance(template, values, clock, next(self._serials), performance, group)
        if group is not None:
            for number, seat in enumerate(group.seats, start=1):
                values[f"seat_{number}"] = self._house.keys[seat]
                values[f"place_{number}"] = self._house.places[seat]
        for buyer in ("account", "other"):
            if buyer in template.blanks and template is not self._repertoire.arrival:
                values[buyer] = self._buyer(clock)
        self._fill(instance)
        return instance

    def _fill(self, instance: TemplateInstance) -> None:
        values, blanks, begins_us = instance.values, instance.scene.blanks, instance.begins_us
        for role in ROLES:
            if role in blanks and role not in values:
                values[role] = self._name(begins_us)
        for blank, offset_us in instance.scene.times:
            values[blank] = iso(begins_us + offset_us)
        if "order" in blanks and "order_code" not in values and instance.party is not None:
            order = str(values["order"])
            values["order_code"] = order_code(order)
            for number in range(1, len(instance.party.seats) + 1):
                values[f"ticket_{number}"] = derived_id(order, "ticket", str(number))

    def _buyer(self, clock: int) -> str:
        if not self._buyers or self._random.random() < NEW_BUYERS:
            arrival = self._new_instance(self._repertoire.arrival, clock)
            self._await(arrival)
            self._buyers.append(str(arrival.values["account"]))
            return self._buyers[-1]
        return self._random.choice(self._buyers)

    def _id(self, at_us: int) -> int:
        """Return a UUIDv7 for a time."""
        chance = self._random.getrandbits(74)
        return (at_us // 1_000) << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)

    def _name(self, at_us: int) -> str:
        digits = f"{self._id(at_us):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
