"""How a process ended, in words; and which of its last lines say why."""

import signal

import pytest

from runtime.local.supervision.exit_reasons import describe_exit, relevant_lines

POSTGRES = """
2026-11-28 18:00:00.000 UTC [7] seatledger@seatledger FATAL:  terminating connection due to administrator command
2026-11-28 18:00:00.001 UTC [1] @ PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device
2026-11-28 18:00:00.002 UTC [8] seatledger@seatledger FATAL:  terminating connection due to administrator command
"""
OURS = (
    '{"event": "process: started", "level": "info", "timestamp": "2026-11-28T18:00:00Z"}\n'
    '{"event": "relay stopped", "level": "error", "timestamp": "2026-11-28T18:00:01Z", "position": 7}\n'
)


class TestEnding:
    @pytest.mark.parametrize(
        ("status", "out_of_memory", "said"),
        [
            (0, False, "ended by itself with status 0"),
            (3, True, "ended by itself with status 3"),
            (
                128 + signal.SIGKILL,
                True,
                "ended by signal 9 (SIGKILL): the kernel killed a process because memory ran out",
            ),
            (128 + signal.SIGKILL, False, "ended by signal 9 (SIGKILL): a person or a supervisor killed it"),
            (128 + signal.SIGTERM, False, "ended by signal 15 (SIGTERM): a person or another program asked it to stop"),
            (128 + signal.SIGSEGV, False, "ended by signal 11 (SIGSEGV): a crash in native code"),
        ],
    )
    def test_it_names_signal_and_likely_reason(self, status: int, *, out_of_memory: bool, said: str) -> None:
        assert said in describe_exit(status, out_of_memory=out_of_memory)


class TestTellingLines:
    def test_of_a_server_the_line_that_matters_is_shown_and_no_closed_sessions(self) -> None:
        (line,) = relevant_lines(POSTGRES)
        assert line.endswith("No space left on device")

    def test_of_our_own_logs_the_errors_are_shown_readably(self) -> None:
        assert relevant_lines(OURS) == ["2026-11-28T18:00:01Z ERROR relay stopped position=7"]

    def test_without_errors_the_last_lines_are_shown(self) -> None:
        assert relevant_lines("one\ntwo\n") == ["one", "two"]

    def test_of_a_process_that_was_killed_nothing_but_errors_is_shown(self) -> None:
        assert relevant_lines("one\ntwo\n", errors_only=True) == []
