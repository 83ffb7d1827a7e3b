"""The command itself: its version, and what a person reads when something goes wrong."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from runtime.settings import SettingsRefused

command = import_module("runtime.cli.main")  # the package has a function of this name


class Terminal:
    """A standard error that is a terminal, and keeps what it is told."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def test_the_version_is_printed() -> None:
    shown = CliRunner().invoke(command.app, ["--version"])
    assert shown.exit_code == 0
    assert shown.output.startswith("seatledger 0.")


def test_the_help_names_the_exit_statuses() -> None:
    shown = " ".join(CliRunner().invoke(command.app, ["--help"]).output.split())
    assert "3 nothing found" in shown
    assert f"{command.INTERNAL_ERROR} an error of the program itself" in shown


INTERRUPTED_IMPORT = """
import sys

class CtrlC:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
import runtime.cli
"""


def test_given_ctrl_c_while_it_starts_then_no_traceback() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED_IMPORT], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


class TestMain:
    def failing(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        """Let the command fail."""

        def fail() -> None:
            raise error

        monkeypatch.setattr(command, "commands", fail)

    @pytest.mark.parametrize(
        ("error", "sentence"),
        [
            (SettingsRefused("Set this."), "seatledger: Set this."),
            (psycopg.errors.InsufficientPrivilege("permission denied\nLINE 1"), "the database refused: permission"),
            (FileNotFoundError(2, "No such file", "x"), "No such file"),
        ],
    )
    def test_given_what_can_go_wrong_then_one_sentence(
        self, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
    ) -> None:
        self.failing(monkeypatch, error)
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert sentence in str(ended.value)
        assert "\n" not in str(ended.value)

    def test_given_a_bug_at_a_terminal_then_a_sentence_names_the_file_with_the_traceback(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        self.failing(monkeypatch, KeyError("seat"))
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with pytest.raises(SystemExit) as ended:
            command.main()
        assert ended.value.code == command.INTERNAL_ERROR
        assert "Traceback" not in terminal.text
        (report,) = tmp_path.iterdir()
        assert report.name in terminal.text
        assert "KeyError" in report.read_text()

    def test_given_a_bug_in_a_part_then_its_log_holds_the_traceback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing(monkeypatch, KeyError("seat"))
        with pytest.raises(KeyError):
            command.main()
