"""The how-to pages contain the code of the README's recipes, and name files and commands that exist."""

import ast
import re
import textwrap
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT
from tests.recipes import blocks_of
from tests.runtime.cli.test_options import ALL
from tests.runtime.test_readme import MADE_BY_RECIPES

PAGES = sorted((DOCS / "how-to").glob("add-*.md"))
MADE = MADE_BY_RECIPES | {"tests/api/test_hourly_orders.py"}
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def code_blocks(page: Path) -> list[str]:
    """Return the blocks of Python of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


@EVERY_PAGE
class TestPage:
    def test_it_contains_the_readmes_recipe(self, page: Path) -> None:
        title = page.read_text().splitlines()[0].removeprefix("# ")
        recipe = blocks_of(f"{title}.")
        assert recipe
        assert [block for block in recipe if block not in code_blocks(page)] == []

    def test_its_code_is_python(self, page: Path) -> None:
        for block in code_blocks(page):
            code = textwrap.dedent(block)
            ast.parse(f"match event:\n{textwrap.indent(code, '    ')}" if code.startswith("case ") else code_of(code))

    def test_the_files_it_names_exist(self, page: Path) -> None:
        named = set(re.findall(r"(?<![\w./<-])((?:[a-z_]+/)+[\w.]*\w\.(?:py|json|md))", page.read_text()))
        assert {path for path in named - MADE if not (ROOT / path).exists()} == set()

    def test_the_commands_it_names_exist(self, page: Path) -> None:
        typed = re.findall(r"\.venv/bin/seatledger ([a-z]+(?: [a-z]+)?)", page.read_text())
        assert [command for command in typed if not {command, command.split()[0]} & set(ALL)] == []


def code_of(code: str) -> str:
    """Return a row of a table of roles as an expression; other code as it is."""
    return f"{{{code}}}" if code.startswith('("') else code


def test_the_index_lists_every_page() -> None:
    index = (DOCS / "how-to" / "README.md").read_text()
    assert set(re.findall(r"\]\((add-[\w-]+\.md)\)", index)) == {page.name for page in PAGES}
