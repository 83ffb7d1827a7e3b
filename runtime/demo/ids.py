"""The names of the demo's seeding steps, and the command ids derived from them, which make each step idempotent."""

from uuid import UUID, uuid5

from runtime.demo.catalogue_data import SHOWS, Show

ROOT = "019a5b00-0000-7000-8000-000000000001"


def step_id(step: str) -> UUID:
    """Return the command id of a step."""
    return uuid5(UUID(ROOT), step)


def performance_step(show: Show, day: int) -> str:
    """Return the name of the step that schedules one performance."""
    return f"performance {show.key} {day}"


LAST_STEP = step_id(performance_step(SHOWS[-1], SHOWS[-1].days[-1]))
