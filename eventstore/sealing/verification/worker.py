"""A worker process that verifies groups: it reads a line with the database's URL, then a line for every check.

Both come on standard input, because the arguments of a process are public. It ends when its standard input is closed,
also by the end of the parent process.
"""

import gc
import os
import sys
from contextlib import suppress

import orjson
import psycopg

from eventstore.sealing.log_reader import open_connection
from eventstore.sealing.verification.group import GroupCheck, GroupResult, compare

GC_THRESHOLD = 200_000
"""High, because reference counting frees the objects of this process."""


def main() -> None:
    """Answer every check with a line, in order: the result, or the error that ends the process."""
    gc.set_threshold(GC_THRESHOLD)
    tasks = sys.stdin.buffer
    try:
        with open_connection(orjson.loads(tasks.readline()), name="audit") as connection:
            for line in tasks:
                _write_answer(result_to_line(compare(connection, parse_check(line))))
    except psycopg.Error as error:
        _write_answer(orjson.dumps({"error": str(error)}))


def check_to_line(task: GroupCheck) -> bytes:
    """Encode a check as a line for a worker."""
    roots = [(last, root.hex()) for last, root in task.roots]
    return orjson.dumps((task.first, task.last, roots), option=orjson.OPT_APPEND_NEWLINE)


def parse_check(line: bytes) -> GroupCheck:
    """Decode the check of a line that `check_to_line` wrote."""
    first, last, roots = orjson.loads(line)
    return GroupCheck(first, last, [(ends, bytes.fromhex(root)) for ends, root in roots])


def result_to_line(result: GroupResult) -> bytes:
    """Encode a result for the parent process."""
    return orjson.dumps({"result": result})


def _write_answer(answer: bytes) -> None:
    os.write(sys.stdout.fileno(), answer + b"\n")  # one unbuffered write, short enough for a pipe to take at once


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the parent process has ended
        main()
