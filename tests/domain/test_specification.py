"""Does every test file of the domain answer one question, and does the page name them all?"""

import re

from tests.support.specification import PAGE, page, questions

SENTENCE = re.compile(r"[A-Z].{10,110}\?")


def test_every_file_begins_with_its_question() -> None:
    without = [
        path for files in questions().values() for path, question in files.items() if not SENTENCE.fullmatch(question)
    ]
    assert without == []


def test_no_two_files_answer_the_same_question() -> None:
    asked = [question for files in questions().values() for question in files.values()]
    assert len(set(asked)) == len(asked)


def test_the_page_names_every_file() -> None:
    assert PAGE.read_text() == page(), "Run `.venv/bin/python -m tests.support.specification`."
