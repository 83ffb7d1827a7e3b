"""The architecture page lists the components that the import contracts name, and the commands that exist."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.docs.pages import DOCS, ROOT, sections_of
from tests.runtime.cli.test_options import ALL

SECTIONS = sections_of(DOCS / "architecture.md")
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
COMPONENTS: list[str] = LINTER["root_packages"]


def cells_of(section: str) -> Iterator[list[str]]:
    """Return the cells of each row of a section's table, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def allowed_imports() -> Mapping[str, set[str]]:
    """Return which components each one may import, by the contracts."""
    contracts: list[dict[str, Any]] = LINTER["contracts"]
    allowed: dict[str, set[str]] = {component: set(COMPONENTS) - {component} for component in COMPONENTS}
    for contract in contracts:
        if contract["type"] == "layers":
            layers = [{name.strip() for name in re.split(r"[|:]", layer)} for layer in contract["layers"]]
            for height, layer in enumerate(layers):
                for component in layer & set(COMPONENTS):
                    allowed[component] &= set[str]().union(*layers[height + 1 :])
        elif contract["type"] == "forbidden":
            for component in set(contract["source_modules"]) & set(COMPONENTS):
                allowed[component] -= set(contract["forbidden_modules"])
    return allowed


def test_the_components_and_their_imports_are_those_of_the_contracts() -> None:
    shown = {name.strip("`"): set(re.findall(r"`(\w+)`", imports)) for name, _, imports in cells_of("Components")}
    assert shown == allowed_imports()


def test_the_picture_shows_every_component_and_only_allowed_imports() -> None:
    picture = SECTIONS["Components"].partition("```mermaid")[2].partition("```")[0]
    arrows = re.findall(r"(\w+) --> (\w+)", picture)
    assert set(re.findall(r"\w+", picture)) - {"flowchart", "TB"} == set(COMPONENTS)
    assert [arrow for arrow in arrows if arrow[1] not in allowed_imports()[arrow[0]]] == []


def test_every_command_of_the_containers_exists() -> None:
    commands = re.findall(r"`seatledger ([\w-]+)`", SECTIONS["Containers"])
    assert len(commands) > len(list(cells_of("Containers"))) - 3
    assert [command for command in commands if command not in ALL] == []
