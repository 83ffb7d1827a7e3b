"""The processes of a shop on one machine: started in order, watched, restarted when they end, stopped in reverse."""

import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from runtime.local.disk import DiskWatch
from runtime.local.embedded.process import LaunchSpec, SupervisedProcess
from runtime.local.embedded.server import EmbeddedServer
from runtime.local.errors import ProcessExited
from runtime.local.supervision.endings import indented, relevant_lines
from runtime.local.supervision.forking import ForkServer
from runtime.local.supervision.heartbeats import Watchdog, is_stopped
from runtime.local.supervision.member import Member, Ready
from runtime.local.supervision.restart_policy import RestartPolicy
from runtime.local.supervision.restarter import Progress, Restarter

POLL_SECONDS = 0.02
WATCH_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A person or the system asked us to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One process of ours.

    Args:
        env: its whole environment.
        nice: the priority it gets once everything runs; it starts as quickly as the others.
        ready: asked again and again until true, or searched for in its output; a part without one is ready at once.
        essential: the shop ends when it cannot be kept running.
        before_restart: called before it is started again.
        meanwhile: what is safe and what waits while it does not run.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    nice: int = 0
    ready: Ready = None
    ready_seconds_max: float = 60.0
    stop_seconds_max: float = 10.0
    essential: bool = False
    before_restart: Callable[[], None] | None = None
    meanwhile: str = ""


class ProcessGroup:
    """Everything one `seatledger up` has started; a context that leaves nothing running behind it.

    SIGINT, SIGTERM and SIGHUP end the context quietly, wherever they strike; it must be entered in the main thread.

    Args:
        logs: each part's output is appended to `<part>.log` in this folder.
        say: where ends and restarts are reported.
        forks: forks the parts that are modules of ours; without it each is a program of its own.
    """

    def __init__(
        self,
        logs: Path,
        *,
        report: Progress = lambda _: None,
        policy: RestartPolicy | None = None,
        forks: ForkServer | None = None,
    ) -> None:
        self._logs = logs
        self._policy = policy or RestartPolicy()
        self._restarter = Restarter(policy=self._policy, report=report, folder=logs)
        self._forks = forks
        self._disk = DiskWatch(logs)
        self._watchdog = Watchdog(logs.with_name("heartbeats"))
        self._report = report
        self._members: list[Member] = []
        self._has_priorities = False
        self._handlers: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._watchdog.forget_all()
        if self._forks is not None:
            self._forks.start()
        for number in STOP_SIGNALS:
            handler = signal.getsignal(number)
            # nohup wants a closed terminal ignored; a script's `&` ignores SIGINT without meaning it.
            if number is signal.SIGHUP and handler is signal.SIG_IGN:
                continue
            self._handlers[number] = handler
            signal.signal(number, _request_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)  # impatience must not interrupt a stop that is bounded anyway
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return isinstance(error, StopRequested)

    def start_server(self, server: EmbeddedServer, *, essential: bool = False, meanwhile: str = "") -> None:
        """Start an embedded server, watch it as a part, and stop it in its turn.

        Raises:
            EmbeddedServerError: it can't be started.
        """

        def start() -> SupervisedProcess:
            server.stop()
            server.start()
            return server.process

        server.start()
        server.keep_port()
        self._members.append(
            Member(
                name=server.name,
                start=start,
                stop=server.stop,
                policy=self._policy,
                essential=essential,
                meanwhile=meanwhile,
                process=server.process,
            )
        )

    def start(self, part: ProcessSpec) -> None:
        """Start a part and wait until it is ready.

        Raises:
            ProcessExited: this part ended, or one started before that the shop needs; or it was not ready in time.
        """
        member = self._member_of(part)
        deadline = time.monotonic() + part.ready_seconds_max
        while not member.is_ready():
            self._watch_others(POLL_SECONDS, awaited=member)
            if time.monotonic() > deadline:
                raise ProcessExited(
                    part.name, f"{part.name} was not ready after {part.ready_seconds_max:.0f} s.{_last_lines(member)}"
                )

    def run(self, part: ProcessSpec, *, seconds_max: float) -> None:
        """Run a part to its end, which must be a good one; the parts started before are watched meanwhile.

        Raises:
            ProcessExited: it failed or took too long, or a part started before that the shop needs ended.
        """
        member = self._member_of(part)
        deadline = time.monotonic() + seconds_max
        while member.running.exit_status() is None:
            if time.monotonic() > deadline:
                raise ProcessExited(part.name, f"{part.name} had not finished after {seconds_max:.0f} s.")
            self._watch_others(POLL_SECONDS, awaited=member, but=member)
        self._members.remove(member)
        status = member.running.stop()
        self._watchdog.forget(part.name)
        if status != 0:
            raise ProcessExited(part.name, f"{part.name} failed with status {status}.{_last_lines(member)}")

    def apply_priorities(self) -> None:
        """Let each part have its priority from now on."""
        self._has_priorities = True
        for member in self._members:
            self._prioritise(member)

    def wait(self) -> None:
        """Watch all parts, and start again what ends, until a stop is requested.

        Raises:
            ProcessExited: one that the shop cannot do without ended too often.
        """
        while True:
            self._watch()

    def stop(self) -> None:
        """Stop what was started, in reverse order, each with a bounded wait."""
        while self._members:
            self._members.pop().end()
        if self._forks is not None:
            self._forks.stop()

    def _member_of(self, part: ProcessSpec) -> Member:
        launch = _launch(part, self._logs / f"{part.name}.log")
        fork = self._forks.launch if self._forks is not None and _is_module_of_ours(part) else None
        if fork is not None:
            launch = replace(launch, heartbeat=self._watchdog.file_of(part.name))

        def start() -> SupervisedProcess:
            if fork is not None:
                self._watchdog.start_counting(part.name)
            return SupervisedProcess(launch, fork)

        member = Member(
            name=part.name,
            start=start,
            gives_signs=fork is not None,
            stop=lambda: None,
            policy=self._policy,
            essential=part.essential,
            ready=part.ready,
            nice=part.nice,
            before_restart=part.before_restart,
            meanwhile=part.meanwhile,
        )
        member.process = member.start()
        member.stop = lambda: member.process is not None and member.process.stop()
        self._members.append(member)
        return member

    def _watch_others(self, seconds: float, *, awaited: Member, but: Member | None = None) -> None:
        """Watch what was started while one part is awaited; what the shop can do without is started again later.

        Raises:
            ProcessExited: the awaited part ended, or one that the shop cannot do without.
        """
        for member in self._ended(seconds, but=but):
            if member is awaited or member.essential:
                ending = self._restarter.ending(member.name, member.running.exit_status() or 0)
                raise ProcessExited(member.name, f"{ending}.{_last_lines(member)}")
            self._restarter.handle_exit(member)
        self._restart_due()

    def _ended(self, seconds: float, *, but: Member | None = None) -> list[Member]:
        running = {member.running: member for member in self._members if member.process is not None}
        ended, _, _ = select.select([process for process in running if running[process] is not but], [], [], seconds)
        return [running[process] for process in ended]

    def _watch(self) -> None:
        waiting = any(member.process is None or member.awaits_ready for member in self._members)
        for member in self._ended(POLL_SECONDS if waiting else WATCH_SECONDS):
            self._restarter.handle_exit(member)
        self._restart_due()
        for member in self._members:
            if member.process is not None:
                self._restarter.check_ready(member)
                self._check_signs(member)
                member.running.rotate_log()
        if sentence := self._disk.check():
            self._report(sentence)

    def _restart_due(self) -> None:
        for member in self._members:
            if member.is_due() and self._restarter.restart(member) and self._has_priorities:
                self._prioritise(member)
            if member.process is None and member.essential:
                break  # what comes after it cannot work without it

    def _check_signs(self, member: Member) -> None:
        name, process = member.name, member.running.pid
        if not member.gives_signs and not is_stopped(process):
            self._watchdog.record_heartbeat(name)
        if sentence := self._watchdog.check(name, meanwhile=member.meanwhile, process=process):
            self._report(sentence)

    def _prioritise(self, member: Member) -> None:
        if member.nice and member.process is not None:
            member.process.set_priority(member.nice)


def _is_module_of_ours(part: ProcessSpec) -> bool:
    return tuple(part.argv[:2]) == (sys.executable, "-m")


def _launch(part: ProcessSpec, log: Path) -> LaunchSpec:
    return LaunchSpec(
        name=part.name,
        argv=part.argv,
        env=part.env,
        folder=Path.cwd(),
        log=log,
        stops=(("TERM", part.stop_seconds_max),),
    )


def _last_lines(member: Member) -> str:
    return f" Its last words ({member.running.log}):{indented(relevant_lines(member.running.output()))}"


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested
