"""A scanner at the gate: registered with its own secret, limited to performances or hours, until it is revoked."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from domain.decision import Changes, DecisionContext, StreamType
from domain.decisions.deletion import DeletionStatus
from domain.errors import AlreadyExists, DeviceIsRevoked, Invalid, LimitReached, NotFound
from domain.organizer import require_organizer
from domain.performance import PERFORMANCE, ScheduledPerformance

PERFORMANCES_PER_DEVICE_MAX = 100
DEVICES_PER_ORGANIZER_MAX = 1_000
DEVICE_HOURS_MAX = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered:
    """The scanner may send scans, authenticated by a secret of which only the hash is stored.

    `performances`: those it may scan for; empty: all of the organizer's. It may scan from `works_from` (inclusive)
    until `works_until` (exclusive); None: no bound.
    """

    organizer: str
    label: str
    secret_sha256: str
    performances: tuple[str, ...] = ()
    works_from: datetime | None = None
    works_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevoked:
    """No scan of the scanner is accepted from now on."""


DeviceEvent = DeviceRegistered | DeviceRevoked


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDevice:
    """Not registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDevice:
    """The fields of a scanner that decisions read."""

    organizer: str
    secret_sha256: str
    performances: frozenset[str]
    works_from: datetime | None
    works_until: datetime | None
    revoked: bool = False


Device = NoDevice | RegisteredDevice


def evolve(device: Device, event: DeviceEvent) -> Device:
    """Return the scanner after `event`."""
    if isinstance(event, DeviceRegistered):
        return RegisteredDevice(
            organizer=event.organizer,
            secret_sha256=event.secret_sha256,
            performances=frozenset(event.performances),
            works_from=event.works_from,
            works_until=event.works_until,
        )
    assert isinstance(device, RegisteredDevice)
    match event:
        case DeviceRevoked():
            return replace(device, revoked=True)
        case _:
            assert_never(event)


DEVICE: StreamType[Device] = StreamType("device", NoDevice(), evolve)


def require_device(context: DecisionContext, device: str) -> RegisteredDevice:
    """Return a scanner that is registered.

    Raises:
        NotFound: it was never registered.
    """
    state = context.read(DEVICE, device)
    if isinstance(state, NoDevice):
        raise NotFound("There is no such device.")
    return state


def require_active_device(context: DecisionContext, device: str) -> RegisteredDevice:
    """Return a scanner that is not revoked.

    Raises:
        NotFound: it was never registered.
        DeviceIsRevoked: none of its scans is accepted any more.
    """
    state = require_device(context, device)
    if state.revoked:
        raise DeviceIsRevoked("The device was revoked. Register it again to get a new key.")
    return state


def works_for(context: DecisionContext, device: RegisteredDevice, performance: str) -> bool:
    """Return whether a scanner may scan for a performance now."""
    if device.performances and performance not in device.performances:
        return False
    if device.works_from is not None and not context.deadline_passed(device.works_from):
        return False
    return device.works_until is None or not context.deadline_passed(device.works_until)


def register_device(context: DecisionContext, device: str, registered: DeviceRegistered, *, others: int = 0) -> Changes:
    """Register a scanner.

    Args:
        others: the number of active devices of the organizer, as counted by a read model, so possibly outdated.

    Raises:
        LimitReached: the organizer has as many devices as allowed.
        NotFound: no such organizer.
        AlreadyExists: the id is taken.
        Invalid: neither performances nor hours, invalid hours, or performances of another organizer.
    """
    require_organizer(context, registered.organizer)
    if not isinstance(context.read(DEVICE, device), NoDevice):
        raise AlreadyExists("The device is registered.")
    if others >= DEVICES_PER_ORGANIZER_MAX:
        raise LimitReached(
            f"An organizer has at most {DEVICES_PER_ORGANIZER_MAX} devices at a time; revoke some that are not used.",
            limit=DEVICES_PER_ORGANIZER_MAX,
        )
    check_hours(context, registered)
    check_performances(context, registered)
    return {DEVICE.stream(device): [registered]}


def check_hours(context: DecisionContext, registered: DeviceRegistered) -> None:
    """Refuse hours that have passed, are reversed or too long; without performances, both bounds are required."""
    start, end = registered.works_from, registered.works_until
    if not registered.performances and (start is None or end is None):
        raise Invalid("Limit the device: name performances, or both works_from and works_until.")
    if end is not None and context.deadline_passed(end):
        raise Invalid("works_until has passed already.")
    if start is not None and end is not None and not start < end <= start + DEVICE_HOURS_MAX:
        raise Invalid(f"works_until must follow works_from, by at most {DEVICE_HOURS_MAX.days} days.")


def check_performances(context: DecisionContext, registered: DeviceRegistered) -> None:
    """Refuse too many performances, duplicates, and performances that are deleted or another organizer's."""
    named = registered.performances
    if len(named) > PERFORMANCES_PER_DEVICE_MAX or len(set(named)) < len(named):
        raise Invalid(f"Name at most {PERFORMANCES_PER_DEVICE_MAX} performances, each once.")
    states = context.read_many(PERFORMANCE, [(performance,) for performance in named])
    foreign = [
        performance
        for performance, state in zip(named, states, strict=True)
        if not isinstance(state, ScheduledPerformance)
        or state.organizer != registered.organizer
        or state.deletion.status is DeletionStatus.ARCHIVED
    ]
    if foreign:
        raise Invalid("The organizer has no such performances.", performances=foreign)


def revoke_device(context: DecisionContext, device: str) -> Changes:
    """Revoke a scanner; a second time records nothing.

    Raises:
        NotFound: it was never registered.
    """
    if require_device(context, device).revoked:
        return {}
    return {DEVICE.stream(device): [DeviceRevoked()]}
