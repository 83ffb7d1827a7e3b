"""The organizers, and who is a member of which; for lists only, rights are read from the log itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.model import Fact, ReadModel, Step
from projections.reading import ReadModels
from projections.sql import organizers as sql

NAME = "organizers"
PAGE_ROWS_MAX = 100


def fold(facts: Sequence[Fact]) -> Sequence[Step]:
    """Write the batch: of several changes of one member the last one counts."""
    founded = [{**fact.data, "organizer": fact.key} for fact in facts if fact.name == "OrganizerFounded"]
    changed: dict[tuple[str, str], Mapping[str, Any]] = {
        (fact.key, fact.data["account"]): {**fact.data, "organizer": fact.key}
        for fact in facts
        if fact.name == "MemberRolesChanged"
    }
    members = list(changed.values())
    return [
        Step(sql.FOUND, founded),
        Step(sql.FORGET_MEMBERS, members),
        Step(sql.KEEP_MEMBERS, [member for member in members if member["roles"]]),
    ]


ORGANIZERS = ReadModel(
    name=NAME,
    version=1,
    schema=sql.SCHEMA,
    names=frozenset({"OrganizerFounded", "MemberRolesChanged"}),
    fold=fold,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrganizer:
    """A seller, and the roles one account holds within it."""

    organizer: str
    name: str
    roles: Sequence[str]


async def list_organizers(
    models: ReadModels, *, account: str, everyone: bool, after: str = "", limit: int = PAGE_ROWS_MAX
) -> Sequence[ListedOrganizer]:
    """Return the organizers that an account is a member of (`everyone`: all there are), in the order of ids."""
    asked = {"account": account, "everyone": everyone, "after": after, "limit": min(limit, PAGE_ROWS_MAX)}
    found = await models.fetch([NAME], sql.ORGANIZERS, asked)
    return [ListedOrganizer(**row) for row in found.rows]
