"""The pages of the documentation, and the parts of them that tests compare with the tree."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def sections_of(page: Path) -> dict[str, str]:
    """Return the text under each second-level heading of a page."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    return {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def links_of(page: Path) -> set[str]:
    """Return the targets of a page's links into the repository, without anchors."""
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    return {target.partition("#")[0] for target in targets if "://" not in target} - {""}
