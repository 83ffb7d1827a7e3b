"""Restarts ended processes, and reports why they ended, the effect, and what to do."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.local.disk_space import DiskSpace, disk_space_of, is_disk_full_error, reports_disk_full
from runtime.local.embedded.errors import EmbeddedServerError
from runtime.local.errors import ProcessExited
from runtime.local.supervision.exit_reasons import (
    SIGNAL_STATUS_BASE,
    count_oom_kills,
    describe_exit,
    indented,
    relevant_lines,
)
from runtime.local.supervision.member import Member
from runtime.local.supervision.restart_policy import RestartPolicy

DISK_FULL_PAUSE_SECONDS = 2.0
"""Between two starts of a process that ended because its disk was full; they do not count towards the limit."""

Progress = Callable[[str], None]


class Restarter:
    """Restarts processes by a policy.

    Args:
        report: called with messages about ends and restarts.
        folder: a folder on the disk that the processes write to.
    """

    def __init__(self, *, policy: RestartPolicy, report: Progress, folder: Path) -> None:
        self._policy = policy
        self._report = report
        self._folder = folder
        self._oom_kills = count_oom_kills()

    def handle_exit(self, member: Member) -> None:
        """Report an ended process, and schedule its restart.

        Raises:
            ProcessExited: it is essential and ended too often.
        """
        status, log = member.running.stop(), member.running.log
        lines = relevant_lines(member.running.output(), errors_only=status > SIGNAL_STATUS_BASE)
        self._schedule(member, self.exit_reason(member.name, status), lines, f" Its log: {log}")

    def restart(self, member: Member) -> bool:
        """Restart a process; return False if it cannot be started now.

        Raises:
            ProcessExited: it is essential and its start failed too often.
        """
        try:
            if member.before_restart is not None:
                member.before_restart()
            member.process = member.start()
        except (EmbeddedServerError, OSError) as error:
            first, *more = str(error).splitlines()
            reason, disk_full = f"{member.name} could not be started: {first}", is_disk_full_error(error)
            self._schedule(member, reason, more, "", disk_full=disk_full)
            return False
        member.awaits_ready = True
        member.awaits_disk_space = False
        return True

    def check_ready(self, member: Member) -> None:
        """Report a restarted process once it is ready."""
        if member.awaits_ready and member.is_ready():
            member.awaits_ready = False
            self._report(f"{member.name} runs again.")

    def exit_reason(self, name: str, status: int) -> str:
        """Return how a process ended, and the likely reason."""
        before, self._oom_kills = self._oom_kills, count_oom_kills()
        return f"{name} {describe_exit(status, out_of_memory=self._oom_kills > before)}"

    def _schedule(
        self, member: Member, reason: str, lines: Sequence[str], log: str, *, disk_full: bool = False
    ) -> None:
        space = disk_space_of(self._folder)
        if disk_full or space.is_low or reports_disk_full([reason, *lines]):
            self._await_disk_space(member, reason, space)
            return
        pause_s = member.restarts.pause_after_end(time.monotonic())
        if pause_s is None:
            self._give_up(member, reason, f"{log}{indented(lines)}")
            return
        member.pause(pause_s)
        self._report(f"{reason}. {member.outage_effect} It is restarted in {pause_s:.1f} s.{log}{indented(lines)}")

    def _await_disk_space(self, member: Member, reason: str, space: DiskSpace) -> None:
        if not member.awaits_disk_space:
            self._report(
                f"{reason}. No disk space: {space}. {member.outage_effect} Free some space; it is restarted as soon as "
                "there is some."
            )
        member.awaits_disk_space = True
        member.pause(DISK_FULL_PAUSE_SECONDS)

    def _give_up(self, member: Member, reason: str, details: str) -> None:
        history = f"It ended {member.restarts.ends} times within {self._policy.window_s:.0f} s"
        if member.essential:
            raise ProcessExited(
                member.name,
                f"{reason}. {history}: it is not restarted, and everything else is stopped in order. "
                f"{member.outage_effect} Fix the cause, then start again; everything continues where it was.{details}",
            )
        member.pause(self._policy.retry_s)
        self._report(
            f"{reason}. {history}: its restarts are suspended, and everything else keeps running. "
            f"{member.outage_effect} Fix the cause; it is retried every {self._policy.retry_s:.0f} s.{details}"
        )
