"""The README is true: its settings, its folders, its files, its commands, and the names in its recipes."""

import ast
import builtins
import re
import textwrap
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from runtime.settings import ANY_CURRENCY, PREFIX, Settings
from tests.runtime.cli.test_options import ALL

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RECIPES = README.partition("## Recipes")[2].partition("## Settings")[0]
BLOCKS = list(re.finditer(r"```python\n(.*?)```", RECIPES, re.DOTALL))
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))
SOURCES = (
    "adapters",
    "api",
    "application",
    "audit",
    "domain",
    "eventstore",
    "processes",
    "projections",
    "runtime",
    "sandbox_provider",
    "ui",
)
MADE_BY_RECIPES = {
    "domain/printing.py",
    "processes/close_sales_of_begun_shows.py",
    "projections/hourly_orders.py",
    "tests/domain/test_printing.py",
    "tests/stored_events/TicketPrinted.v1.json",
}
MODULES_MADE = {Path(path).stem for path in MADE_BY_RECIPES}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def settings_shown() -> dict[str, str]:
    """Return the default that the table shows for every setting."""
    shown: dict[str, str] = {}
    for names, _, defaults in rows("Settings"):
        variables = re.findall(rf"`{PREFIX}(\w+)`", names)
        several = defaults.split(" · ")
        shown |= zip(variables, several if len(several) == len(variables) else [defaults] * len(variables), strict=True)
    return shown


def as_shown(default: Any) -> str | None:
    """Return how the table writes a default; None: in words, because it depends on something else."""
    match default:
        case bool():
            return "on" if default else "off"
        case int() | float():
            return f"{default:g}" if isinstance(default, float) else str(default)
        case str() | Path():
            return str(default)
        case []:
            return "none"
        case dict():
            return str(default[ANY_CURRENCY])
        case _:
            return None


class TestSettings:
    def test_every_setting_is_in_the_table_and_no_other(self) -> None:
        assert set(settings_shown()) == {name.upper() for name in Settings.model_fields}

    @pytest.mark.parametrize("name", sorted(Settings.model_fields))
    def test_its_default_is_what_the_table_says(self, name: str) -> None:
        shown = settings_shown()[name.upper()].replace("`", "")
        expected = as_shown(Settings.model_fields[name].default)
        assert shown
        assert expected is None or shown.startswith(expected)


class TestFolders:
    def test_every_folder_of_the_source_is_named(self) -> None:
        shown = {cells[0]: cells[1] for cells in rows("The folders")}
        for name in SOURCES:
            (row,) = [text for folders, text in shown.items() if f"`{name}/`" in folders]
            inner = {path.parent.name for path in (ROOT / name).glob("*/__init__.py")}
            assert {folder for folder in inner if f"`{folder}/`" not in row} == set(), name

    def test_every_folder_named_is_there(self) -> None:
        for folders, text in rows("The folders"):
            outer = re.findall(r"`(\w+)/`", folders)
            inner = re.findall(r"`(\w+)/`", text)
            assert [name for name in outer if not (ROOT / name).is_dir()] == []
            assert [name for name in inner if not any((ROOT / each / name).is_dir() for each in outer)] == []


class TestFiles:
    def test_every_file_named_is_there(self) -> None:
        roots = "|".join([*SOURCES, "tests", "bench", "docs", "scripts"])
        named = {path for code in CODE for path in re.findall(rf"(?<![\w./])(?:{roots})/[\w./]*\w", code)}
        named |= set(re.findall(r"\]\(([\w./-]+)\)", README))
        assert len(named) > 40
        assert {path for path in named - MADE_BY_RECIPES if not (ROOT / path).exists()} == set()


def test_every_command_named_is_there() -> None:
    typed = [re.match(r"(?:\.venv/bin/)?seatledger ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", code) for code in CODE]
    named = {found[1] for found in typed if found}
    assert len(named) > 10
    assert {command for command in named if command not in ALL and command.split()[0] not in ALL} == set()


class Recipe:
    """One block of code: where it goes, and the names that it uses."""

    def __init__(self, block: re.Match[str]) -> None:
        code = textwrap.dedent(block[1])
        whole = f"match event:\n{textwrap.indent(code, '    ')}" if code.startswith("case ") else code
        self.nodes = list(ast.walk(ast.parse(whole)))
        self.target = ROOT / re.findall(r"`([\w/]+\.py)`", RECIPES[: block.start()])[-1]

    def defined(self) -> set[str]:
        """Return what it defines, itself or for others."""
        made = {node.name for node in self.nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        made |= {node.arg for node in self.nodes if isinstance(node, ast.arg)}
        return made | {node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}

    def imported(self) -> set[tuple[str, str]]:
        """Return the modules and names that it imports."""
        froms = [node for node in self.nodes if isinstance(node, ast.ImportFrom) and node.module]
        return {(str(node.module), alias.name) for node in froms for alias in node.names}

    def used(self) -> set[str]:
        """Return the names that it takes from its surroundings."""
        return {node.id for node in self.nodes if isinstance(node, ast.Name)} - self.defined()


class TestRecipes:
    def test_what_is_imported_is_there_or_made_by_a_recipe(self) -> None:
        recipes = [Recipe(block) for block in BLOCKS]
        made = set[str]().union(*(recipe.defined() for recipe in recipes)) | MODULES_MADE
        for module, name in set[tuple[str, str]]().union(*(recipe.imported() for recipe in recipes)):
            assert name in made or hasattr(import_module(module), name) or find_spec(f"{module}.{name}"), (module, name)

    @pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
    def test_what_is_used_is_imported_or_stands_where_it_goes(self, block: re.Match[str]) -> None:
        recipe = Recipe(block)
        known = {name for each in map(Recipe, BLOCKS) for _, name in each.imported()} | set(dir(builtins))
        there = set(re.findall(r"\w+", recipe.target.read_text())) if recipe.target.exists() else set[str]()
        assert recipe.used() - known - there == set()
