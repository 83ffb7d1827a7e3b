"""Every link of the documentation leads to a file."""

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, links_of


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert {target for target in links_of(page) if not (page.parent / target).exists()} == set()
