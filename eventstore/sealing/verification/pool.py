"""Several processes that compare groups beside each other: one alone uses one core, and the database waits for it."""

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
"""Tasks that each hand has at a time, so that it need not wait for the next; it reads one, so this costs no memory."""


class WorkerLost(EventStoreError):
    """A process that compared has ended, or could not go on."""


class VerificationWorker:
    """One process, seen from outside."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eventstore.sealing.verification.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we end the others
        )
        self.pid = self._process.pid
        self._write(orjson.dumps(url, option=orjson.OPT_APPEND_NEWLINE))

    def submit(self, task: GroupCheck) -> None:
        """Let it do this after what it was given before.

        Raises:
            WorkerLost: it has ended.
        """
        self._write(check_to_line(task))

    def outcome(self) -> GroupResult:
        """Wait for what has become of the oldest task.

        Raises:
            WorkerLost: it has ended, or lost the database.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise WorkerLost(f"A process that compared has ended, with status {self._process.wait()}.")
        answer = orjson.loads(line)
        if "trouble" in answer:
            raise WorkerLost(answer["trouble"])
        outcome: GroupResult = answer["outcome"]
        return outcome

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerLost(f"A process that compared has ended, with status {self._process.wait()}.") from error


@contextmanager
def worker_pool(url: str, count: int) -> Iterator[Verifier]:
    """Return what compares by so many processes, which are gone afterwards.

    Raises:
        WorkerLost: one ended, while it is used.
    """
    with ExitStack() as ends:
        all_hands: list[VerificationWorker] = []
        for _ in range(count):
            all_hands.append(VerificationWorker(url))
            ends.callback(all_hands[-1].end)
        yield lambda groups: _round_robin(groups, all_hands)


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
    return group, worker.outcome()
