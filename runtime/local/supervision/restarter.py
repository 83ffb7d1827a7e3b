"""Starts again what has ended, and says why it ended, what is safe, and what to do."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.local.disk import Room, is_no_room, is_out_of_space, room_of
from runtime.local.embedded.errors import EmbeddedServerError
from runtime.local.errors import ProcessExited
from runtime.local.supervision.endings import SIGNALLED, ending_of, indented, oom_kills, relevant_lines
from runtime.local.supervision.member import Member
from runtime.local.supervision.restart_policy import RestartPolicy

ROOM_PAUSE_SECONDS = 2.0
"""Between two tries of a process that ended because its disk was full; they are not counted."""

Progress = Callable[[str], None]


class Restarter:
    """Restarts by a policy.

    Args:
        say: where ends and restarts are reported.
        folder: on the disk that the processes write to.
    """

    def __init__(self, *, policy: RestartPolicy, report: Progress, folder: Path) -> None:
        self._policy = policy
        self._report = report
        self._folder = folder
        self._oom_kills = oom_kills()

    def handle_exit(self, member: Member) -> None:
        """Report a process that ended, and plan its restart.

        Raises:
            ProcessExited: it ended too often, and the shop cannot do without it.
        """
        status, log = member.running.stop(), member.running.log
        lines = relevant_lines(member.running.output(), errors_only=status > SIGNALLED)
        self._plan(member, self.ending(member.name, status), lines, f" Its log: {log}")

    def restart(self, member: Member) -> bool:
        """Start a process again; False: it cannot be started now.

        Raises:
            ProcessExited: it could not be started too often, and the shop cannot do without it.
        """
        try:
            if member.before_restart is not None:
                member.before_restart()
            member.process = member.start()
        except (EmbeddedServerError, OSError) as error:
            first, *more = str(error).splitlines()
            self._plan(member, f"{member.name} could not be started: {first}", more, "", no_room=is_no_room(error))
            return False
        member.awaits_ready = True
        member.waits_for_room = False
        return True

    def check_ready(self, member: Member) -> None:
        """Report a process that was started again, once it is ready."""
        if member.awaits_ready and member.is_ready():
            member.awaits_ready = False
            self._report(f"{member.name} runs again.")

    def ending(self, name: str, status: int) -> str:
        """Say how a process ended, and the likely reason."""
        before, self._oom_kills = self._oom_kills, oom_kills()
        return f"{name} {ending_of(status, out_of_memory=self._oom_kills > before)}"

    def _plan(self, member: Member, ending: str, lines: Sequence[str], log: str, *, no_room: bool = False) -> None:
        room = room_of(self._folder)
        if no_room or room.is_short or is_out_of_space([ending, *lines]):
            self._wait_for_room(member, ending, room)
            return
        pause_s = member.restarts.pause_after_end(time.monotonic())
        if pause_s is None:
            self._give_up(member, ending, f"{log}{indented(lines)}")
            return
        member.pause(pause_s)
        self._report(f"{ending}. {member.meanwhile} It is started again in {pause_s:.1f} s.{log}{indented(lines)}")

    def _wait_for_room(self, member: Member, ending: str, room: Room) -> None:
        if not member.waits_for_room:
            self._report(
                f"{ending}. There is no room: {room}. {member.meanwhile} Make room; it is started again as soon as "
                "there is some."
            )
        member.waits_for_room = True
        member.pause(ROOM_PAUSE_SECONDS)

    def _give_up(self, member: Member, ending: str, details: str) -> None:
        often = f"It ended {member.restarts.ends} times within {self._policy.window_s:.0f} s"
        if member.essential:
            raise ProcessExited(
                member.name,
                f"{ending}. {often}: it is given up, and everything else is stopped in order. {member.meanwhile} Mend "
                f"the cause, then start again; the shop goes on where it was.{details}",
            )
        member.pause(self._policy.retry_s)
        self._report(
            f"{ending}. {often}: it is given up for now, and everything else goes on. {member.meanwhile} Mend the "
            f"cause; it is tried again every {self._policy.retry_s:.0f} s.{details}"
        )
