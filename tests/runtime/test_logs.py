"""Logs: JSON, one line each, without a word that somebody typed."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from runtime.logging import configure_logs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put the process's logging back."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def fail(secret: str) -> None:
    """Raise an error that quotes its input, caused by another one that does."""
    try:
        int(secret)
    except ValueError as error:
        raise KeyError(secret) from error


def test_given_an_error_then_its_class_and_path_are_told_but_not_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs()
    try:
        fail("ann@example.com")
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    err = capsys.readouterr().err
    said = json.loads(err)
    assert (said["error"], said["causes"]) == ("KeyError", ["ValueError"])
    assert said["frames"][-1].endswith(" fail")
    assert (said["level"], said["event"]) == ("error", "Exception in ASGI application")
    assert "ann@example.com" not in err


def test_given_our_own_words_then_they_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger("seatledger").info("ready", port=8000)
    said = json.loads(capsys.readouterr().err)
    assert (said["event"], said["port"], said["level"]) == ("ready", 8000, "info")
