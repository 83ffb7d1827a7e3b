"""Starts a subprocess for a task, waits for it up to a limit, and reads its answer."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from io import BytesIO
from typing import Any, BinaryIO

import orjson
import structlog

from domain.layout.validation import Fault, FaultCode, LayoutFaults
from domain.ports.layout_documents import PublishedDocument, RenderedLayout, RequestedLayout

MODULE = "adapters.layout_process"
AT_ONCE_MAX = 2
BYTES_MAX = 1024 * 1024 * 1024
SECONDS_MAX = 40
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "TMPDIR")
TOO_COSTLY = "This layout takes too much time or memory; make it smaller."

_log = structlog.get_logger(__name__)


class LayoutProcesses:
    """`LayoutWorker` with one subprocess per task, at most `AT_ONCE_MAX` at once.

    Args:
        bytes_max: limit of a subprocess's address space.
        seconds_max: limit of a subprocess's CPU time, and of its duration.
    """

    def __init__(self, *, bytes_max: int = BYTES_MAX, seconds_max: int = SECONDS_MAX) -> None:
        self._bytes_max = bytes_max
        self._seconds_max = seconds_max
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        self.tasks = 0
        self.ended = 0

    async def publish(self, body: BinaryIO, previous: bytes | None) -> RequestedLayout:
        """Parse a request's body and publish its document as the successor of a venue's previous one.

        Raises:
            LayoutFaults: the task exceeds its limits of time or memory.
        """
        with tempfile.TemporaryFile() as before:
            if previous is not None:
                await asyncio.to_thread(rewrite, before, previous)
            answer, content = await self._run("publish", body, None if previous is None else before)
        found = None
        if content:
            found = PublishedDocument(content=content, sha256=answer["sha256"], capacity=answer["capacity"])
        return RequestedLayout(
            malformed=answer.get("malformed"),
            outline=answer.get("outline"),
            faults=tuple(Fault(**{**fault, "code": FaultCode(fault["code"])}) for fault in answer.get("faults", ())),
            published=found,
        )

    async def render(self, document: bytes) -> RenderedLayout:
        """Render a published document.

        Raises:
            LayoutFaults: the task exceeds its limits of time or memory.
        """
        with tempfile.TemporaryFile() as task_input:
            await asyncio.to_thread(rewrite, task_input, document)
            answer, content = await self._run("draw", task_input, None)
        length = answer["plain"]
        return RenderedLayout(plain=content[:length], compressed=content[length:])

    async def _run(self, task: str, task_input: BinaryIO, before: BinaryIO | None) -> tuple[dict[str, Any], bytes]:
        async with self._places:
            self.tasks += 1
            with tempfile.TemporaryFile() as out:
                files = [out.fileno(), *([] if before is None else [before.fileno()])]
                arguments = [task, str(self._bytes_max), str(self._seconds_max), *map(str, files)]
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    MODULE,
                    *arguments,
                    stdin=task_input.fileno(),
                    stdout=PIPE,
                    stderr=DEVNULL,
                    pass_fds=files,
                    env=safe_environment(),
                    start_new_session=True,
                )
                answer = await self._answer_of(process, task)
                return orjson.loads(answer), await asyncio.to_thread(read_all, out)

    async def _answer_of(self, process: Process, task: str) -> bytes:
        try:
            async with asyncio.timeout(self._seconds_max):
                answer, _ = await process.communicate()
        except TimeoutError:
            answer = b""
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0 or not answer:
            self.ended += 1
            _log.warning("layouts: subprocess failed or was killed", task=task, status=process.returncode)
            raise LayoutFaults([Fault(code=FaultCode.TOO_MANY, path="", message=TOO_COSTLY)])
        return answer


def safe_environment() -> dict[str, str]:
    """Return the environment of a subprocess: the variables that Python needs, without secrets."""
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}


def rewrite(file: BinaryIO, content: bytes) -> None:
    """Write a file's content, and seek to its beginning."""
    file.write(content)
    file.flush()
    file.seek(0)


def read_all(file: BinaryIO) -> bytes:
    """Read a file from its beginning."""
    found = BytesIO()
    file.seek(0)
    while part := file.read(2**20):
        found.write(part)
    return found.getvalue()
