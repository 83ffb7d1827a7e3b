"""Upcasters: one step from each stored schema version to the next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcasterChain:
    """All upcasters, and the versions they lead to.

    Args:
        versions: stored name → the schema version that is written.
        upcasters: (stored name, version) → the step to the next version.
    """

    versions: Mapping[str, int]
    upcasters: Mapping[tuple[str, int], Upcaster]

    def why_unreadable(self, name: str, schema_version: int) -> str | None:
        """Return why events of this name and schema version cannot be read; None if they can."""
        today = self.versions.get(name)
        if today is None:
            return f"No event is called {name}."
        if schema_version > today:
            return f"{name} version {schema_version} is newer than this program."
        for version in range(schema_version, today):
            if (name, version) not in self.upcasters:
                return f"There is no upcaster from {name} version {version} to the next."
        return None

    def upcast(self, name: str, schema_version: int, data: dict[str, Any]) -> dict[str, Any]:
        """Return an event's fields in the current version, provided that `why_unreadable` returned None."""
        for version in range(schema_version, self.versions[name]):
            data = self.upcasters[name, version](data)
        return data
