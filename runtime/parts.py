"""The project's own processes: started in order, watched together, stopped in reverse; one ends, all end."""

import re
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from runtime.embedded.process import Launch, SupervisedProcess
from runtime.embedded.server import EmbeddedServer

POLL_SECONDS = 0.02
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A person or the system asked us to stop."""


class PartEnded(Exception):
    """A part that should run as long as we do has ended, or never became ready."""

    def __init__(self, process: SupervisedProcess, what: str) -> None:
        super().__init__(f"{process.name} {what}. Its last words ({process.log}):\n{process.last_words()}")
        self.part = process.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of ours.

    Args:
        env: its whole environment.
        nice: the priority it gets once everything runs; it starts as quickly as the others.
        ready: asked again and again until true, or searched for in its output; a part without one is ready at once.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    nice: int = 0
    ready: Callable[[], bool] | re.Pattern[str] | None = None
    ready_seconds_max: float = 60.0
    stop_seconds_max: float = 10.0


class PartsSupervisor:
    """Everything one `seatledger up` has started; a context that leaves nothing running behind it.

    SIGINT, SIGTERM and SIGHUP end the context quietly, wherever they strike; it must be entered in the main thread.

    Args:
        logs: each part's output is appended to `<part>.log` in this folder.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[SupervisedProcess, Callable[[], object]]] = []
        self._nice: list[tuple[SupervisedProcess, int]] = []
        self._handlers: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in STOP_SIGNALS:
            handler = signal.getsignal(number)
            if handler is not signal.SIG_IGN:  # nohup wants a closed terminal ignored
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

    def start_server(self, server: EmbeddedServer) -> None:
        """Start an embedded server, watch it as a part, and stop it in its turn.

        Raises:
            EmbeddedServerError: it can't be started.
        """
        server.start()
        self._running.append((server.process, server.stop))

    def start(self, part: Part) -> None:
        """Start a part and wait until it is ready.

        Raises:
            PartEnded: this part, or one started before, ended; or it was not ready in time.
        """
        process = SupervisedProcess(_launch(part, self._logs / f"{part.name}.log"))
        self._running.append((process, process.stop))
        if part.nice:
            self._nice.append((process, part.nice))
        deadline = time.monotonic() + part.ready_seconds_max
        while not _is_ready(part, process):
            self._watch(POLL_SECONDS)
            if time.monotonic() > deadline:
                raise PartEnded(process, f"was not ready after {part.ready_seconds_max:.0f} s")

    def run(self, part: Part, *, seconds_max: float) -> None:
        """Run a part to its end, which must be a good one; the parts started before are watched meanwhile.

        Raises:
            PartEnded: it failed or took too long, or a part started before ended.
        """
        process = SupervisedProcess(_launch(part, self._logs / f"{part.name}.log"))
        self._running.append((process, process.stop))
        deadline = time.monotonic() + seconds_max
        while process.exit_status() is None:
            if time.monotonic() > deadline:
                raise PartEnded(process, f"had not finished after {seconds_max:.0f} s")
            self._watch(POLL_SECONDS, but=process)
        self._running.pop()
        if process.stop() != 0:
            raise PartEnded(process, f"failed with status {process.exit_status()}")

    def prioritise(self) -> None:
        """Let each part have its priority from now on."""
        for process, nice in self._nice:
            process.prioritise(nice)

    def wait(self) -> None:
        """Watch all parts until one ends or a stop is requested.

        Raises:
            PartEnded: a part ended by itself, whatever its exit status.
        """
        while True:
            self._watch(None)

    def stop(self) -> None:
        """Stop what was started, in reverse order, each with a bounded wait."""
        while self._running:
            _, stop = self._running.pop()
            stop()

    def _watch(self, seconds_max: float | None, *, but: SupervisedProcess | None = None) -> None:
        processes = [process for process, _ in self._running if process is not but]
        ended, _, _ = select.select(processes, [], [], seconds_max)
        if ended:
            raise PartEnded(ended[0], f"ended by itself with status {ended[0].exit_status()}")


def _launch(part: Part, log: Path) -> Launch:
    return Launch(
        name=part.name,
        argv=part.argv,
        env=part.env,
        folder=Path.cwd(),
        log=log,
        stops=(("TERM", part.stop_seconds_max),),
    )


def _is_ready(part: Part, process: SupervisedProcess) -> bool:
    match part.ready:
        case None:
            return True
        case re.Pattern() as pattern:
            return pattern.search(process.output()) is not None
        case ask:
            return ask()


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested
