"""Our own processes end together, in order, and leave nothing behind."""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.local.embedded import EmbeddedPostgres
from runtime.local.embedded.process import LOG_BYTES_MAX, LaunchSpec, SupervisedProcess
from runtime.local.errors import ProcessExited
from runtime.local.process_group import ProcessGroup, ProcessSpec, StopRequested
from runtime.local.supervision.restart_policy import RestartPolicy
from tests.runtime.owner import a_part
from tests.runtime.processes import all_gone, owner, processes_of, the_process, until

CRASH = """
import pathlib, sys, time
print('listening', flush=True)
while not pathlib.Path(sys.argv[2], 'started').exists():
    time.sleep(0.01)
print('the reason', flush=True)
sys.exit(3)
"""
IGNORE_AND_EXEC = "import os, signal, sys; signal.signal(2, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
TALKER = "import time\nwhile True: print('word', flush=True); time.sleep(0.01)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('listening', flush=True); time.sleep(1000)"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[ProcessGroup]:
    """A supervisor whose parts are all gone at the end."""
    with ProcessGroup(tmp_path / "logs") as supervisor:
        yield supervisor
    assert processes_of(tmp_path) == {}


class TestStart:
    def test_a_part_is_ready_when_its_output_says_so(self, parts: ProcessGroup, tmp_path: Path) -> None:
        parts.start(a_part("first", tmp_path))
        assert (tmp_path / "logs" / "first.log").read_text() == "listening\n"

    def test_what_an_earlier_run_has_said_makes_no_part_ready(self, parts: ProcessGroup, tmp_path: Path) -> None:
        (tmp_path / "logs" / "mute.log").write_text("listening\n")
        mute = ProcessSpec(
            name="mute", argv=("sleep", "1000"), env={}, ready=re.compile("listening"), ready_seconds_max=0.2
        )
        with pytest.raises(ProcessExited, match="mute was not ready after"):
            parts.start(mute)

    def test_a_log_that_has_grown_too_large_is_moved_away(self, parts: ProcessGroup, tmp_path: Path) -> None:
        log = tmp_path / "logs" / "first.log"
        log.touch()
        os.truncate(log, LOG_BYTES_MAX + 1)
        parts.start(a_part("first", tmp_path))
        assert log.read_text() == "listening\n"
        assert log.with_name("first.log.1").stat().st_size == LOG_BYTES_MAX + 1

    def test_a_part_is_ready_when_the_question_is_answered(self, parts: ProcessGroup, tmp_path: Path) -> None:
        answers = iter([False, False, True])
        parts.start(
            ProcessSpec(name="asked", argv=("sleep", "1000"), env=dict(os.environ), ready=lambda: next(answers))
        )
        assert next(answers, None) is None

    def test_given_a_part_that_ends_before_it_is_ready_then_its_last_lines_are_told(self, parts: ProcessGroup) -> None:
        program = "import sys; sys.exit('no such database')"
        part = ProcessSpec(name="api", argv=(sys.executable, "-c", program), env=dict(os.environ), ready=lambda: False)
        with pytest.raises(ProcessExited, match=r"(?s)api ended by itself with status 1\..*no such database"):
            parts.start(part)

    def test_given_another_that_ends_meanwhile_then_it_is_started_again_and_the_start_goes_on(
        self, tmp_path: Path
    ) -> None:
        said: list[str] = []
        with ProcessGroup(tmp_path / "logs", report=said.append, policy=RestartPolicy(first_pause_s=0.0)) as parts:
            parts.start(a_part("relay", tmp_path, once(1)))
            (tmp_path / "started").touch()
            parts.start(
                ProcessSpec(name="api", argv=("sleep", "1000"), env=dict(os.environ), ready=lambda: len(said) > 0)
            )
        assert said[0].startswith("relay ended by itself with status 1.")

    def test_given_one_that_the_shop_needs_and_that_ends_meanwhile_then_the_start_ends(
        self, parts: ProcessGroup, tmp_path: Path
    ) -> None:
        parts.start(replace(a_part("database", tmp_path, CRASH), essential=True))
        (tmp_path / "started").touch()
        waiting = ProcessSpec(name="api", argv=("sleep", "1000"), env=dict(os.environ), ready=lambda: False)
        with pytest.raises(ProcessExited, match=r"database ended by itself with status 3\."):
            parts.start(waiting)

    def test_a_log_that_grows_too_large_is_turned_over_while_the_part_writes(self, tmp_path: Path) -> None:
        launch = LaunchSpec(
            name="talker",
            argv=(sys.executable, "-c", TALKER),
            env=dict(os.environ),
            folder=tmp_path,
            log=tmp_path / "talker.log",
            stops=(("TERM", 5.0),),
        )
        process = SupervisedProcess(launch)
        try:
            until(lambda: "word" in process.output(), "the first word")
            os.truncate(launch.log, LOG_BYTES_MAX + 1)
            process.rotate_log()
            assert launch.log.with_name("talker.log.1").stat().st_size > LOG_BYTES_MAX
            until(lambda: "word" in process.output(), "another word")
            assert launch.log.stat().st_size < LOG_BYTES_MAX
        finally:
            process.stop()

    def test_a_background_part_steps_back_once_everything_runs(self, parts: ProcessGroup, tmp_path: Path) -> None:
        parts.start(replace(a_part("calm", tmp_path), nice=10))
        process = the_process(tmp_path, "sleep")
        assert os.getpriority(os.PRIO_PROCESS, process) == 0
        parts.apply_priorities()
        assert os.getpriority(os.PRIO_PROCESS, process) == 10
        assert Path(f"/proc/{process}/autogroup").read_text().endswith("nice 10\n")


class TestOnePartEnds:
    @pytest.mark.parametrize("status", [3, 0])
    def test_it_is_started_again_and_the_others_go_on(self, status: int, tmp_path: Path) -> None:
        said = run(a_part("first", tmp_path), a_part("second", tmp_path, once(status)), folder=tmp_path)
        assert said[0].startswith(f"second ended by itself with status {status}.")
        assert "It is restarted in 0.0 s." in said[0]
        assert said[1] == "second runs again."
        assert (tmp_path / "stopped").read_text() == "first\n"

    def test_the_lines_that_matter_are_said(self, tmp_path: Path) -> None:
        said = run(
            a_part("first", tmp_path, once(1, "print('chatter'); print('ValueError: the reason')")), folder=tmp_path
        )
        assert said[0].endswith("\n    ValueError: the reason")

    def test_given_a_kill_then_the_signal_and_the_likely_reason_are_said(self, tmp_path: Path) -> None:
        killed = "import os; os.kill(os.getpid(), 9)"
        said = run(
            replace(a_part("first", tmp_path, once(0, killed)), outage_effect="Booking continues."), folder=tmp_path
        )
        assert said[0].startswith("first was ended by signal 9 (SIGKILL): ")
        assert "Booking continues." in said[0]

    def test_given_too_many_ends_then_one_that_the_shop_can_do_without_is_left_and_the_others_go_on(
        self, tmp_path: Path
    ) -> None:
        policy = RestartPolicy(first_pause_s=0.0, restarts_max=2, retry_s=1_000.0)
        parts = [a_part("first", tmp_path), a_part("second", tmp_path, CRASH)]
        said = run(*parts, folder=tmp_path, policy=policy, until="suspended")
        assert (
            "It ended 3 times within 60 s: its restarts are suspended, and everything else keeps running." in said[-1]
        )
        assert "it is retried every 1000 s" in said[-1]
        assert (tmp_path / "stopped").read_text() == "first\n"

    def test_given_too_many_ends_of_one_that_the_shop_needs_then_all_are_stopped(self, tmp_path: Path) -> None:
        policy = RestartPolicy(first_pause_s=0.0, restarts_max=2)
        parts = [a_part("first", tmp_path), replace(a_part("second", tmp_path, CRASH), essential=True)]
        with pytest.raises(
            ProcessExited, match=r"(?s)not restarted, and everything else is stopped in order.*the reason"
        ) as ended:
            run(*parts, folder=tmp_path, policy=policy, until="never said")
        assert ended.value.part == "second"
        assert (tmp_path / "stopped").read_text() == "first\n"
        assert processes_of(tmp_path) == {}

    def test_given_an_embedded_server_that_crashes_then_it_comes_back_on_its_port(self, folder: Path) -> None:
        server = EmbeddedPostgres(folder, fast=True)
        said: list[str] = []
        with ProcessGroup(folder / "logs", report=stop_when("runs again", said)) as parts:
            parts.start_server(server, essential=True)
            port = server.port
            os.kill(the_process(folder, "postgres"), signal.SIGKILL)
            parts.wait()
        assert said[0].startswith("postgres was ended by signal 9 (SIGKILL)")
        assert server.port == port
        assert processes_of(folder) == {}


class TestStop:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_given_a_signal_then_the_parts_are_stopped_in_reverse(self, how: signal.Signals, tmp_path: Path) -> None:
        with owner("parts", tmp_path) as process:
            process.send_signal(how)
            assert process.wait() == 0
            assert (tmp_path / "stopped").read_text() == "second\nfirst\n"
            assert processes_of(tmp_path) == {}

    def test_given_a_script_whose_background_ignores_ctrl_c_then_it_stops_all_the_same(self, tmp_path: Path) -> None:
        ignoring = (sys.executable, "-c", IGNORE_AND_EXEC)
        with owner("parts", tmp_path, prefix=ignoring) as process:
            process.send_signal(signal.SIGINT)
            assert process.wait() == 0
            assert (tmp_path / "stopped").read_text() == "second\nfirst\n"

    def test_given_ctrl_c_for_all_in_the_terminal_then_the_order_is_the_same(self, tmp_path: Path) -> None:
        with owner("parts", tmp_path, prefix=("setsid", "--wait")) as process:
            os.killpg(the_owner(tmp_path), signal.SIGINT)
            assert process.wait() == 0
            assert (tmp_path / "stopped").read_text() == "second\nfirst\n"

    def test_given_a_killed_owner_then_nothing_is_left_and_children_of_parts_neither(self, tmp_path: Path) -> None:
        with owner("parts", tmp_path) as process:
            sleeping = [command for command in processes_of(tmp_path).values() if command.startswith("sleep")]
            assert len(sleeping) == 2
            process.kill()
            process.wait()
            all_gone(tmp_path)

    def test_given_a_part_that_ignores_the_signal_then_it_is_killed(self, tmp_path: Path) -> None:
        with ProcessGroup(tmp_path / "logs") as parts:
            program = (sys.executable, "-c", STUBBORN, str(tmp_path))
            ready = re.compile("listening")
            parts.start(
                ProcessSpec(name="stubborn", argv=program, env=dict(os.environ), ready=ready, stop_seconds_max=0.2)
            )
        assert processes_of(tmp_path) == {}

    def test_what_it_did_not_start_goes_on(self, tmp_path: Path) -> None:
        with owner("nats", tmp_path / "other") as other:
            with ProcessGroup(tmp_path / "logs") as parts:
                parts.start(a_part("first", tmp_path))
            assert other.poll() is None
            assert len(processes_of(tmp_path / "other")) == 3

    def test_afterwards_the_signals_mean_what_they_meant(self, tmp_path: Path) -> None:
        before = signal.getsignal(signal.SIGTERM)
        with ProcessGroup(tmp_path / "logs"):
            assert signal.getsignal(signal.SIGTERM) is not before
        assert signal.getsignal(signal.SIGTERM) is before


def run(
    *started: ProcessSpec, folder: Path, policy: RestartPolicy | None = None, until: str = "runs again"
) -> list[str]:
    """Run parts until something is said; return all that was said."""
    said: list[str] = []
    policy = policy or RestartPolicy(first_pause_s=0.0)
    with ProcessGroup(folder / "logs", report=stop_when(until, said), policy=policy) as parts:
        for part in started:
            parts.start(part)
        (folder / "started").touch()
        parts.wait()
    return said


def stop_when(words: str, said: list[str]) -> Callable[[str], None]:
    """Return what keeps everything that is said, and stops all when some words are among it."""

    def report(line: str) -> None:
        said.append(line)
        if words in line:
            raise StopRequested

    return report


def once(status: int, how: str = "pass") -> str:
    """Return a program that ends the first time and stays the second time."""
    return f"""
import pathlib, sys, time
name, folder = sys.argv[1:]
print('listening', flush=True)
mark = pathlib.Path(folder, name + '.ended')
if not mark.exists():
    while not pathlib.Path(folder, 'started').exists():
        time.sleep(0.01)
    mark.touch()
    {how}
    sys.exit({status})
time.sleep(1000)
"""


def the_owner(folder: Path) -> int:
    """The process group leader that `setsid` has made."""
    [pid] = [
        pid for pid, said in processes_of(folder).items() if "tests.runtime.owner" in said and "setsid" not in said
    ]
    return pid
