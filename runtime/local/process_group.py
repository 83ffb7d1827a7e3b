"""The processes of a local installation: started in order, watched, restarted when they end, stopped in reverse."""

import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from runtime.local.disk_space import DiskSpaceMonitor
from runtime.local.embedded.process import LaunchSpec, SupervisedProcess
from runtime.local.embedded.server import EmbeddedServer
from runtime.local.errors import ProcessExited
from runtime.local.supervision.exit_reasons import indented, relevant_lines
from runtime.local.supervision.forking import ForkServer
from runtime.local.supervision.heartbeats import Watchdog, is_stopped
from runtime.local.supervision.member import Member, Ready
from runtime.local.supervision.restart_policy import RestartPolicy
from runtime.local.supervision.restarter import Progress, Restarter

POLL_SECONDS = 0.02
WATCH_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A signal has requested the stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """How to run one part.

    Args:
        env: its whole environment.
        nice: the priority it gets once all parts run; it starts at the normal priority.
        ready: called until it returns true, or searched for in the output; None: the part is ready at once.
        essential: everything stops when it cannot be kept running.
        before_restart: called before each restart.
        outage_effect: what happens while it is down, as one or two sentences.
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
    outage_effect: str = ""


class ProcessGroup:
    """All processes that one `seatledger up` has started; leaving the context stops them.

    SIGINT, SIGTERM and SIGHUP leave the context without an error at any point; it must be entered in the main thread.

    Args:
        logs: each part's output is appended to `<part>.log` in this folder.
        report: called with messages about ends and restarts.
        forks: forks the parts that are Python modules; without it each part is a program of its own.
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
        self._disk = DiskSpaceMonitor(logs)
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
            # nohup ignores SIGHUP on purpose; a shell ignores SIGINT for every program started with `&` in a script.
            if number is signal.SIGHUP and handler is signal.SIG_IGN:
                continue
            self._handlers[number] = handler
            signal.signal(number, _request_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)  # a second signal must not interrupt the bounded stop
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return isinstance(error, StopRequested)

    def start_server(self, server: EmbeddedServer, *, essential: bool = False, outage_effect: str = "") -> None:
        """Start an embedded server and supervise it like a part.

        Raises:
            EmbeddedServerError: it cannot be started.
        """

        def start() -> SupervisedProcess:
            server.stop()
            server.start()
            return server.process

        server.start()
        server.fix_port()
        self._members.append(
            Member(
                name=server.name,
                start=start,
                stop=server.stop,
                policy=self._policy,
                essential=essential,
                outage_effect=outage_effect,
                process=server.process,
            )
        )

    def start(self, part: ProcessSpec) -> None:
        """Start a part and wait until it is ready.

        Raises:
            ProcessExited: the part ended or was not ready in time, or an essential part ended meanwhile.
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
        """Run a part to its successful end, and watch the others meanwhile.

        Raises:
            ProcessExited: the part failed or took too long, or an essential part ended meanwhile.
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
        """Set the priority of each part, and of each restarted part from now on."""
        self._has_priorities = True
        for member in self._members:
            self._prioritise(member)

    def wait(self) -> None:
        """Watch all parts and restart those that end, until a stop is requested.

        Raises:
            ProcessExited: an essential part ended too often.
        """
        while True:
            self._watch()

    def stop(self) -> None:
        """Stop all processes in reverse order, each with a bounded wait."""
        while self._members:
            self._members.pop().end()
        if self._forks is not None:
            self._forks.stop()

    def _member_of(self, part: ProcessSpec) -> Member:
        launch = _launch(part, self._logs / f"{part.name}.log")
        fork = self._forks.launch if self._forks is not None and _is_python_module(part) else None
        if fork is not None:
            launch = replace(launch, heartbeat=self._watchdog.file_of(part.name))

        def start() -> SupervisedProcess:
            if fork is not None:
                self._watchdog.start_counting(part.name)
            return SupervisedProcess(launch, fork)

        member = Member(
            name=part.name,
            start=start,
            has_heartbeat=fork is not None,
            stop=lambda: None,
            policy=self._policy,
            essential=part.essential,
            ready=part.ready,
            nice=part.nice,
            before_restart=part.before_restart,
            outage_effect=part.outage_effect,
        )
        member.process = member.start()
        member.stop = lambda: member.process is not None and member.process.stop()
        self._members.append(member)
        return member

    def _watch_others(self, seconds: float, *, awaited: Member, but: Member | None = None) -> None:
        """Watch the processes while one part is awaited; parts that are not essential are restarted.

        Raises:
            ProcessExited: the awaited part or an essential part ended.
        """
        for member in self._ended(seconds, but=but):
            if member is awaited or member.essential:
                reason = self._restarter.exit_reason(member.name, member.running.exit_status() or 0)
                raise ProcessExited(member.name, f"{reason}.{_last_lines(member)}")
            self._restarter.handle_exit(member)
        self._restart_due()

    def _ended(self, seconds: float, *, but: Member | None = None) -> list[Member]:
        running = {member.running: member for member in self._members if member.process is not None}
        ended, _, _ = select.select([process for process in running if running[process] is not but], [], [], seconds)
        return [running[process] for process in ended]

    def _watch(self) -> None:
        is_waiting = any(member.process is None or member.awaits_ready for member in self._members)
        for member in self._ended(POLL_SECONDS if is_waiting else WATCH_SECONDS):
            self._restarter.handle_exit(member)
        self._restart_due()
        for member in self._members:
            if member.process is not None:
                self._restarter.check_ready(member)
                self._check_heartbeat(member)
                member.running.rotate_log()
            if message := self._disk.check():
                self._report(message)

    def _restart_due(self) -> None:
        for member in self._members:
            if member.is_due() and self._restarter.restart(member) and self._has_priorities:
                self._prioritise(member)
            if member.process is None and member.essential:
                break  # the parts started after it depend on it

    def _check_heartbeat(self, member: Member) -> None:
        name, process = member.name, member.running.pid
        if not member.has_heartbeat and not is_stopped(process):
            self._watchdog.record_heartbeat(name)
        if message := self._watchdog.check(name, outage_effect=member.outage_effect, process=process):
            self._report(message)

    def _prioritise(self, member: Member) -> None:
        if member.nice and member.process is not None:
            member.process.set_priority(member.nice)


def _is_python_module(part: ProcessSpec) -> bool:
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
    return f" Its last lines ({member.running.log}):{indented(relevant_lines(member.running.output()))}"


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested
