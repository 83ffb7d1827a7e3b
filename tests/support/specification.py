"""The page that says which test file specifies which rule, made from the files' docstrings."""

import ast
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
DOMAIN_TESTS = CHECKOUT / "tests" / "domain"
PAGE = CHECKOUT / "docs" / "specification.md"
HEAD = """# Where each rule is specified

Each file below answers one question about the domain by examples: events given, a command, and the events or the
refusal expected. `.venv/bin/python -m tests.support.specification` writes this page; a test compares it with the files.
"""
TITLES = {
    ".": "Streams and values",
    "decisions": "Decisions over several streams",
    "layout": "Layouts",
    "invariants": "Invariants",
    "operations": "Operations",
}


def questions() -> dict[str, dict[str, str]]:
    """Return the question of every test file, by folder and path in `tests/domain`."""
    found: dict[str, dict[str, str]] = {folder: {} for folder in TITLES}
    for path in sorted(DOMAIN_TESTS.rglob("test_*.py")):
        inside = path.relative_to(DOMAIN_TESTS)
        question = (ast.get_docstring(ast.parse(path.read_text())) or "").partition(" (")[0]
        found[inside.parent.as_posix()][inside.as_posix()] = question
    return found


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for folder, files in questions().items():
        rows = [f"| {question} | [`{path}`](../tests/domain/{path}) |" for path, question in files.items()]
        parts.append("\n".join([f"## {TITLES[folder]}", "", "| question | `tests/domain/` |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
