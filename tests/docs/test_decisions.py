"""Decision records: one form, titles that match their file names, tests that exist, and a complete index."""

import re
from itertools import takewhile
from pathlib import Path

import pytest

from tests.docs.pages import DECISIONS, RECORDS, ROOT, sections_of

SECTIONS = ["Context", "Decision", "Alternatives", "Consequences", "Measured", "Checked by"]
EVERY_RECORD = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)


def title_of(record: Path) -> str:
    """Return a record's title without its number."""
    return record.read_text().splitlines()[0].partition(". ")[2]


def slug_of(title: str) -> str:
    """Return the file name that belongs to a title."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"['`]", "", title.lower())).strip("-")


def head_of(record: Path) -> dict[str, str]:
    """Return the fields between the title and the first section."""
    lines = takewhile(lambda line: not line.startswith("## "), record.read_text().splitlines())
    return dict(line.removeprefix("- ").split(": ", 1) for line in lines if line.startswith("- "))


def index_row(record: Path) -> str:
    """Return a record's row of the index."""
    number, head = int(record.stem[:4]), head_of(record)
    return f"| [{number}]({record.name}) | {title_of(record)} | {head['Status']} | {head['Date']} |"


@EVERY_RECORD
class TestRecord:
    def test_its_file_is_named_after_its_title(self, record: Path) -> None:
        assert f"{int(record.stem[:4])}. {title_of(record)}" == record.read_text().splitlines()[0].removeprefix("# ")
        assert record.stem[5:] == slug_of(title_of(record))

    def test_it_has_a_status_and_a_date(self, record: Path) -> None:
        head = head_of(record)
        assert head["Status"].startswith(("accepted", "superseded"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", head["Date"])

    def test_it_has_every_section_in_order(self, record: Path) -> None:
        sections = sections_of(record)
        assert list(sections) == SECTIONS
        assert all(sections.values())

    def test_the_tests_it_names_exist(self, record: Path) -> None:
        named = re.findall(r"`((?:tests|bench)/[\w./]*\w)/?`", sections_of(record)["Checked by"])
        assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_index_lists_every_record() -> None:
    index = (DECISIONS / "README.md").read_text()
    assert [line for line in index.splitlines() if line.startswith("| [")] == [index_row(record) for record in RECORDS]
