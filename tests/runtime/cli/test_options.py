"""One vocabulary of options over the whole command line."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_command, get_group
from typer.testing import CliRunner

from runtime.cli.lazy import LazyCommand
from runtime.cli.options import parse_time

OTHER_NAMES = {"--event", "--before", "--upto", "--until", "--since", "--directory", "--output", "--number"}
RANGES = {"audit log", "audit export", "audit verify"}


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the command line, groups that are commands themselves too."""
    command = command.load() if isinstance(command, LazyCommand) else command
    yield name, command
    if isinstance(command, TyperGroup):
        for word, inner in command.commands.items():
            yield from commands(inner, f"{name} {word}".strip())


APP = import_module("runtime.cli.main").app
ALL = dict(commands(get_command(APP)))
assert ALL.keys() >= RANGES


def lazy_commands(group: TyperGroup, name: str = "") -> Iterator[tuple[str, LazyCommand]]:
    """Yield every lazy command by its full name."""
    for word, inner in group.commands.items():
        if isinstance(inner, LazyCommand):
            yield f"{name} {word}".strip(), inner
        elif isinstance(inner, TyperGroup):
            yield from lazy_commands(inner, f"{name} {word}".strip())


LAZY = dict(lazy_commands(get_group(APP)))


def options(name: str) -> dict[str, TyperOption]:
    """Return a command's options by what is typed."""
    found = [option for option in ALL[name].params if isinstance(option, TyperOption)]
    return {typed: option for option in found for typed in option.opts}


@pytest.mark.parametrize("name", ALL)
class TestEveryCommand:
    def test_its_options_have_help(self, name: str) -> None:
        assert [typed for typed, option in options(name).items() if not option.help] == []

    def test_its_options_have_the_names_of_the_others(self, name: str) -> None:
        assert not OTHER_NAMES & options(name).keys()

    def test_its_times_are_shown_as_one_word(self, name: str) -> None:
        times = [options(name)[typed] for typed in ("--from", "--to", "--at") if typed in options(name)]
        assert [option.metavar for option in times] == ["TIME"] * len(times)

    def test_its_positions_are_a_range_where_they_are_one(self, name: str) -> None:
        assert ({"--after", "--up-to"} <= options(name).keys()) == (name in RANGES)


@pytest.mark.parametrize("name", LAZY)
def test_a_group_shows_the_first_line_of_the_command_s_own_help(name: str) -> None:
    assert LAZY[name].help == LAZY[name].load().help.splitlines()[0]


def test_given_the_help_then_no_command_is_imported() -> None:
    program = (
        "import sys; from runtime.cli.main import commands;"
        "commands(['audit', '--help'], standalone_mode=False); sys.exit('runtime.audit' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


class TestReason:
    @pytest.mark.parametrize("command", [["relay", "new-epoch"], ["seal", "new-chain"], ["clock", "accept"]])
    @pytest.mark.parametrize("reason", ["", " ", "\u200b", "two\nlines"], ids=ascii)
    def test_given_no_words_then_it_is_refused_as_mistyped(self, command: list[str], reason: str) -> None:
        refusal = CliRunner().invoke(APP, [*command, "--reason", reason])
        assert refusal.exit_code == 2
        assert "say why in words" in refusal.output


class TestTime:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
            ("2026-11-20 18:00:00", datetime(2026, 11, 20, 18, tzinfo=UTC)),
            ("2026-11-20T18:00:00.5Z", datetime(2026, 11, 20, 18, microsecond=500_000, tzinfo=UTC)),
            ("2026-11-20T18:00+02:00", datetime(2026, 11, 20, 18, tzinfo=timezone(timedelta(hours=2)))),
        ],
    )
    def test_given_iso_8601_then_the_moment(self, text: str, moment: datetime) -> None:
        assert parse_time(text) == moment

    def test_given_anything_else_then_the_refusal_shows_how_to_write_it(self) -> None:
        with pytest.raises(typer.BadParameter, match="write it as 2026-11-20T18:00:00Z"):
            parse_time("yesterday")
