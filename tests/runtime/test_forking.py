"""Parts forked from one process are what programs of their own would be: apart, watched, gone when we are gone."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.local.embedded.process import LaunchSpec, SupervisedProcess
from runtime.local.supervision import forking
from runtime.local.supervision.forking import ForkServer
from tests.runtime.processes import all_gone, owner, processes_of, until
from tests.system.child_processes import child_processes

WITHIN_S = 30.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    """A fork server that has imported nothing, so that it starts at once."""
    server = ForkServer(tmp_path / "forks.log", preloaded=())
    yield server
    server.stop()
    assert (tmp_path / "forks.log").read_text() == ""


@pytest.fixture
def run(server: ForkServer, tmp_path: Path) -> Iterator["Run"]:
    """Starts processes that are all gone at the end."""
    run = Run(server, tmp_path)
    yield run
    for process in run.started:
        process.stop()


class Run:
    def __init__(self, server: ForkServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self.started: list[SupervisedProcess] = []

    def __call__(self, *words: str, env: Mapping[str, str] | None = None) -> SupervisedProcess:
        launch = LaunchSpec(
            name=words[0],
            argv=(sys.executable, "-m", "tests.runtime.forked", *words),
            env=env or {},
            folder=self._folder,
            log=self._folder / f"{words[0]}.log",
            stops=(("TERM", 5.0),),
        )
        process = SupervisedProcess(launch, self._server.launch)
        self.started.append(process)
        return process


def found_by(process: SupervisedProcess) -> dict[str, Any]:
    """Wait for what the process has found, and return it."""
    until(lambda: "\n" in process.output(), "the first line")
    found: dict[str, Any] = json.loads(process.output().splitlines()[0])
    return found


class TestFork:
    def test_it_finds_its_own_settings_and_words_and_nothing_else(self, run: Run, tmp_path: Path) -> None:
        first = run("first", "stay", env={"SEATLEDGER_SECRET_KEY": "of the first"})
        second = run("second", "stay", env={"SEATLEDGER_PORT": "1"})
        assert found_by(first)["env"] == {"SEATLEDGER_SECRET_KEY": "of the first"}
        assert found_by(second) == {
            "env": {"SEATLEDGER_PORT": "1"},
            "folder": str(tmp_path),
            "words": ["second", "stay"],
            "umask": 0o077,
        }

    def test_its_command_line_is_that_of_a_program_of_its_own(self, run: Run) -> None:
        found_by(run("titled", "stay"))
        commands = [" ".join(command.split()) for command in child_processes(os.getpid()).values()]
        assert f"{sys.executable} -m tests.runtime.forked titled stay" in commands
        assert f"{sys.executable} -m runtime.local.embedded.supervisor titled" in commands

    @pytest.mark.parametrize(("end", "status", "said"), [("0", 0, ""), ("7", 7, ""), ("fail", 1, "no such database")])
    def test_its_exit_status_and_last_lines_arrive(self, run: Run, end: str, status: int, said: str) -> None:
        process = run("ending", end)
        assert process.wait(WITHIN_S) == status
        assert process.stop() == status
        assert process.output().rstrip().endswith(said)

    def test_given_an_error_nobody_caught_then_its_traceback_is_in_the_log(self, run: Run) -> None:
        process = run("crashing", "crash")
        assert process.wait(WITHIN_S) == 1
        assert process.output().endswith("ValueError: the reason\n")

    def test_given_a_stop_then_nothing_is_left_of_it(self, run: Run, tmp_path: Path) -> None:
        process = run("stopped", "stay")
        found_by(process)
        assert process.stop() == 128 + signal.SIGTERM
        assert processes_of(tmp_path) == {}

    def test_given_a_killed_part_then_that_is_its_status_and_the_others_go_on(self, run: Run) -> None:
        first, second = run("first", "stay"), run("second", "stay")
        found_by(first)
        found_by(second)
        os.kill(the_part("first"), signal.SIGKILL)
        assert first.wait(WITHIN_S) == 128 + signal.SIGKILL
        assert second.exit_status() is None

    def test_given_a_killed_fork_server_then_its_parts_go_on_and_the_next_one_is_forked_by_another(
        self, run: Run, server: ForkServer
    ) -> None:
        first = run("first", "stay")
        found_by(first)
        assert server._popen is not None
        server._popen.kill()
        second = run("second", "stay")
        assert found_by(second)["words"] == ["second", "stay"]
        assert first.exit_status() is None

    def test_given_a_frozen_fork_server_then_another_takes_its_place(
        self, run: Run, server: ForkServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found_by(run("first", "stay"))
        assert server._popen is not None
        server._popen.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(forking, "FORK_SECONDS_MAX", 1.0)
        monkeypatch.setattr(server, "start", with_patience(server, monkeypatch))
        assert found_by(run("second", "stay"))["words"] == ["second", "stay"]

    def test_given_a_killed_owner_then_nothing_is_left(self, tmp_path: Path) -> None:
        with owner("forks", tmp_path) as process:
            assert len(processes_of(tmp_path)) >= 2
            process.kill()
            process.wait()
            all_gone(tmp_path)


def with_patience(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what starts another fork server, and gives it the usual time."""
    start = server.start

    def start_again() -> None:
        monkeypatch.setattr(forking, "FORK_SECONDS_MAX", WITHIN_S)
        start()

    return start_again


def the_part(name: str) -> int:
    """Return the process of a part."""
    return one_of(f"tests.runtime.forked {name}")


def one_of(words: str) -> int:
    """Return the one of our processes whose command holds these words."""
    (pid,) = (pid for pid, command in child_processes(os.getpid()).items() if words in command)
    return pid
