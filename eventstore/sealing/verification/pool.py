"""Worker processes that verify groups in parallel: a single process is limited to one core."""

import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle

import orjson

from eventstore.errors import EventStoreError
from eventstore.sealing.verification.chain import PositionGroup
from eventstore.sealing.verification.group import GroupCheck, GroupResult, Verifier, group_check_of
from eventstore.sealing.verification.worker import check_to_line

PREFETCH_PER_WORKER = 2
"""Checks queued per worker, so that it is never idle; it processes one at a time, so memory stays small."""


class WorkerLost(EventStoreError):
    """A worker process has ended or failed."""


class VerificationWorker:
    """A worker process and the pipes to it."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eventstore.sealing.verification.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal reaches this process only, which exits the workers
        )
        self.pid = self._process.pid
        self._write(orjson.dumps(url, option=orjson.OPT_APPEND_NEWLINE))

    def submit(self, task: GroupCheck) -> None:
        """Queue a check.

        Raises:
            WorkerLost: the process has ended.
        """
        self._write(check_to_line(task))

    def result(self) -> GroupResult:
        """Wait for the result of the oldest queued check.

        Raises:
            WorkerLost: the process has ended, or lost its database connection.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise WorkerLost(f"A verification process has ended with status {self._process.wait()}.")
        answer = orjson.loads(line)
        if "error" in answer:
            raise WorkerLost(answer["error"])
        result: GroupResult = answer["result"]
        return result

    def end(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.communicate()

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerLost(f"A verification process has ended with status {self._process.wait()}.") from error


@contextmanager
def worker_pool(url: str, count: int) -> Iterator[Verifier]:
    """Yield a verifier that uses `count` worker processes, which are ended with the block.

    Raises:
        WorkerLost: a process ended or failed.
    """
    with ExitStack() as exits:
        workers: list[VerificationWorker] = []
        for _ in range(count):
            workers.append(VerificationWorker(url))
            exits.callback(workers[-1].end)
        yield lambda groups: _round_robin(groups, workers)


def _round_robin(
    groups: Iterable[PositionGroup], workers: list[VerificationWorker]
) -> Iterator[tuple[PositionGroup, GroupResult]]:
    submitted: deque[tuple[PositionGroup, VerificationWorker]] = deque()
    for group, worker in zip(groups, cycle(workers), strict=False):
        worker.submit(group_check_of(group))
        submitted.append((group, worker))
        if len(submitted) == PREFETCH_PER_WORKER * len(workers):
            yield _oldest(submitted)
    while submitted:
        yield _oldest(submitted)


def _oldest(submitted: deque[tuple[PositionGroup, VerificationWorker]]) -> tuple[PositionGroup, GroupResult]:
    group, worker = submitted.popleft()
    return group, worker.result()
