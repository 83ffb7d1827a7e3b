"""The shape of the tree: small folders and files, no import cycle, and names without banned metaphors.

The layers and what each package may import are contracts of import-linter, in `pyproject.toml`.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import grimp
import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGES = (
    "domain",
    "eventstore",
    "projections",
    "audit",
    "application",
    "api",
    "ui",
    "processes",
    "adapters",
    "sandbox_provider",
    "runtime",
)

MODULES_PER_FOLDER_MAX = 15
LINES_PER_FILE_MAX = 300

BANNED_WORDS = frozenset(
    {
        "wish",
        "wishes",
        "wished",
        "deed",
        "deeds",
        "told",
        "tell",
        "tells",
        "tellers",
        "said",
        "say",
        "says",
        "look",
        "looks",
        "looked",
        "looking",
        "keeper",
        "attendant",
        "hand",
        "hands",
        "pen",
        "turn",
        "turns",
        "ear",
        "board",
        "entrance",
        "ground",
        "course",
        "lull",
        "stretch",
        "town",
        "crew",
        "till",
        "cast",
        "stage",
        "somebody",
        "nobody",
        "everybody",
        "whoever",
        "misfit",
        "culprit",
    }
)
"""Metaphors of GLOSSARY.md, and words that stand for a person."""

BUSINESS_WORDS = frozenset(
    {
        "seat",
        "seats",
        "ticket",
        "tickets",
        "venue",
        "venues",
        "buyer",
        "buyers",
        "organizer",
        "organizers",
        "payment",
        "payments",
        "refund",
        "refunds",
        "performance",
        "performances",
        "basket",
    }
)
"""Words of the shop that are no words of an event store."""

LARGE_FOLDERS = {
    "domain": 23,
    "runtime": 18,
    "runtime/cli": 17,
}
"""Folders with more modules than that: `domain` has one for each stream, the others are to be split."""

LONG_FILES = {
    "runtime/wiring.py",
}
"""Files that are longer, and why: statements and columns of all tables of a read model in one place."""

FIELD_NOUNS = {
    "STAGE_POSITION": "the stage of a venue",
    "entrance": "the entrance of a row or an area",
    "take_entrance": "the entrance of a row or an area",
    "tell": "a method of Python's files",
    "NOBODY": "the operating system's account of that name",
}
"""Names with a banned word in its plain meaning."""


def modules(package: str) -> list[Path]:
    """Return the files of a package, in the order of their paths."""
    return sorted(path for path in (CHECKOUT / package).rglob("*.py") if ".venv" not in path.parts)


ALL_MODULES = [path for package in (*PACKAGES, "bench") for path in modules(package)]


@cache
def import_graph() -> Mapping[str, frozenset[str]]:
    """Return what each module of ours imports, imports for type checkers included."""
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True)
    return {name: frozenset(graph.find_modules_directly_imported_by(name)) for name in graph.modules if is_ours(name)}


def is_ours(module: str) -> bool:
    """Return whether a module is of one of the packages above."""
    return module.partition(".")[0] in PACKAGES


def find_cycle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the modules that import each other in a circle, directly or not; none if there is no circle."""
    left = {name: {each for each in imported if each in graph} for name, imported in graph.items()}
    while free := [name for name, imported in left.items() if not imported & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def public_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module offers: classes, functions, their parameters, members, constants."""
    bodies = [tree.body]
    while bodies:
        for node in bodies.pop():
            match node:
                case ast.ClassDef():
                    yield node.name
                    bodies.append(node.body)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield node.name
                    yield from (each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
                case ast.Assign():
                    yield from (target.id for target in node.targets if isinstance(target, ast.Name))
                case ast.AnnAssign(target=ast.Name(id=name)):
                    yield name


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name in either spelling, in lower case."""
    return frozenset(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text())


class TestSize:
    def test_a_folder_has_few_modules(self) -> None:
        counted = Counter(path.parent for path in ALL_MODULES if not path.name.startswith("__"))
        folders = {str(folder.relative_to(CHECKOUT)): count for folder, count in counted.items()}
        assert {
            folder: count
            for folder, count in folders.items()
            if count > LARGE_FOLDERS.get(folder, MODULES_PER_FOLDER_MAX)
        } == {}

    def test_a_file_is_short(self) -> None:
        counted = {str(path.relative_to(CHECKOUT)): len(path.read_text().splitlines()) for path in ALL_MODULES}
        assert {path for path, lines in counted.items() if lines > LINES_PER_FILE_MAX} <= LONG_FILES


class TestImports:
    def test_no_module_imports_itself_by_way_of_others(self) -> None:
        assert find_cycle(import_graph()) == []

    def test_a_cycle_is_found(self) -> None:
        assert find_cycle({"a": ["b"], "b": ["c"], "c": ["b"], "d": []}) == ["a", "b", "c"]

    def test_the_domain_is_made_of_the_standard_library(self) -> None:
        imported = {each for name, imports in import_graph().items() if name.startswith("domain") for each in imports}
        assert {each for each in imported if not each.startswith("domain")} <= sys.stdlib_module_names


class TestNames:
    @pytest.mark.parametrize("package", PACKAGES)
    def test_no_banned_word_is_in_a_public_name(self, package: str) -> None:
        found = {
            f"{path.relative_to(CHECKOUT)}: {name}"
            for path in modules(package)
            for name in (path.stem, *public_names(parse(path)))
            if words_of(name) & BANNED_WORDS and name not in FIELD_NOUNS
        }
        assert found == set()

    def test_the_event_store_has_no_word_of_the_shop(self) -> None:
        found = {
            f"{path.relative_to(CHECKOUT)}: {name}"
            for path in modules("eventstore")
            for name in (path.stem, *public_names(parse(path)))
            if words_of(name) & BUSINESS_WORDS
        }
        assert found == set()
