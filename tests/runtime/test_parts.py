"""Our own processes end together, in order, and leave nothing behind."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.embedded import EmbeddedPostgres
from runtime.embedded.process import LOG_BYTES_MAX
from runtime.embedded.server import EmbeddedServer
from runtime.parts import Part, PartEnded, PartsSupervisor
from tests.runtime.owner import a_part
from tests.runtime.processes import all_gone, owner, processes_of, the_process

CRASH = "import sys; print('listening', flush=True); print('the reason'); sys.exit(3)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('listening', flush=True); time.sleep(1000)"
GOODBYE = "print('listening', flush=True)"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[PartsSupervisor]:
    """A supervisor whose parts are all gone at the end."""
    with PartsSupervisor(tmp_path / "logs") as supervisor:
        yield supervisor
    assert processes_of(tmp_path) == {}


class TestStart:
    def test_a_part_is_ready_when_its_output_says_so(self, parts: PartsSupervisor, tmp_path: Path) -> None:
        parts.start(a_part("first", tmp_path))
        assert (tmp_path / "logs" / "first.log").read_text() == "listening\n"

    def test_what_an_earlier_run_has_said_makes_no_part_ready(self, parts: PartsSupervisor, tmp_path: Path) -> None:
        (tmp_path / "logs" / "mute.log").write_text("listening\n")
        mute = Part(name="mute", argv=("sleep", "1000"), env={}, ready=re.compile("listening"), ready_seconds_max=0.2)
        with pytest.raises(PartEnded, match="mute was not ready after"):
            parts.start(mute)

    def test_a_log_that_has_grown_too_large_is_moved_away(self, parts: PartsSupervisor, tmp_path: Path) -> None:
        log = tmp_path / "logs" / "first.log"
        log.touch()
        os.truncate(log, LOG_BYTES_MAX + 1)
        parts.start(a_part("first", tmp_path))
        assert log.read_text() == "listening\n"
        assert log.with_name("first.log.1").stat().st_size == LOG_BYTES_MAX + 1

    def test_a_part_is_ready_when_the_question_is_answered(self, parts: PartsSupervisor, tmp_path: Path) -> None:
        answers = iter([False, False, True])
        parts.start(Part(name="asked", argv=("sleep", "1000"), env=dict(os.environ), ready=lambda: next(answers)))
        assert next(answers, None) is None

    def test_given_a_part_that_ends_before_it_is_ready_then_its_last_words_are_told(
        self, parts: PartsSupervisor
    ) -> None:
        program = "import sys; sys.exit('no such database')"
        part = Part(name="api", argv=(sys.executable, "-c", program), env=dict(os.environ), ready=lambda: False)
        with pytest.raises(PartEnded, match=r"(?s)api ended by itself with status 1\..*no such database"):
            parts.start(part)

    def test_a_background_part_steps_back_once_everything_runs(self, parts: PartsSupervisor, tmp_path: Path) -> None:
        parts.start(replace(a_part("calm", tmp_path), nice=10))
        process = the_process(tmp_path, "sleep")
        assert os.getpriority(os.PRIO_PROCESS, process) == 0
        parts.prioritise()
        assert os.getpriority(os.PRIO_PROCESS, process) == 10
        assert Path(f"/proc/{process}/autogroup").read_text().endswith("nice 10\n")


class TestOnePartEnds:
    @pytest.mark.parametrize(("program", "status"), [(CRASH, 3), (GOODBYE, 0)])
    def test_the_others_are_stopped_and_it_is_named(self, program: str, status: int, tmp_path: Path) -> None:
        with pytest.raises(PartEnded, match=f"second ended by itself with status {status}") as ended:
            run(a_part("first", tmp_path), a_part("second", tmp_path, program), folder=tmp_path)
        assert ended.value.part == "second"
        assert (tmp_path / "stopped").read_text() == "first\n"
        assert processes_of(tmp_path) == {}

    def test_its_last_words_are_told(self, tmp_path: Path) -> None:
        with pytest.raises(PartEnded, match="the reason"):
            run(a_part("first", tmp_path, CRASH), folder=tmp_path)

    def test_given_an_embedded_server_that_crashes_then_the_parts_are_stopped(self, folder: Path) -> None:
        server = EmbeddedPostgres(folder, fast=True)
        with pytest.raises(PartEnded, match="postgres ended by itself with status 137"):
            run(a_part("first", folder), folder=folder, server=server, kill="postgres")
        assert (folder / "stopped").read_text() == "first\n"
        assert processes_of(folder) == {}


class TestStop:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_given_a_signal_then_the_parts_are_stopped_in_reverse(self, how: signal.Signals, tmp_path: Path) -> None:
        with owner("parts", tmp_path) as process:
            process.send_signal(how)
            assert process.wait() == 0
            assert (tmp_path / "stopped").read_text() == "second\nfirst\n"
            assert processes_of(tmp_path) == {}

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
        with PartsSupervisor(tmp_path / "logs") as parts:
            program = (sys.executable, "-c", STUBBORN, str(tmp_path))
            ready = re.compile("listening")
            parts.start(Part(name="stubborn", argv=program, env=dict(os.environ), ready=ready, stop_seconds_max=0.2))
        assert processes_of(tmp_path) == {}

    def test_what_it_did_not_start_goes_on(self, tmp_path: Path) -> None:
        with owner("nats", tmp_path / "other") as other:
            with PartsSupervisor(tmp_path / "logs") as parts:
                parts.start(a_part("first", tmp_path))
            assert other.poll() is None
            assert len(processes_of(tmp_path / "other")) == 3

    def test_afterwards_the_signals_mean_what_they_meant(self, tmp_path: Path) -> None:
        before = signal.getsignal(signal.SIGTERM)
        with PartsSupervisor(tmp_path / "logs"):
            assert signal.getsignal(signal.SIGTERM) is not before
        assert signal.getsignal(signal.SIGTERM) is before


def run(*started: Part, folder: Path, server: EmbeddedServer | None = None, kill: str | None = None) -> None:
    """Run parts, after a server if there is one, kill a process by its program's name, and wait."""
    with PartsSupervisor(folder / "logs") as parts:
        if server is not None:
            parts.start_server(server)
        for part in started:
            parts.start(part)
        if kill is not None:
            os.kill(the_process(folder, kill), signal.SIGKILL)
        parts.wait()


def the_owner(folder: Path) -> int:
    """The process group leader that `setsid` has made."""
    [pid] = [
        pid for pid, said in processes_of(folder).items() if "tests.runtime.owner" in said and "setsid" not in said
    ]
    return pid
