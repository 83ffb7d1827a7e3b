"""A process that compares what it is told to: a line with the database's address, then a line for every task.

Both come on standard input, for a process's arguments are there for everybody to see. It ends when its input does,
so when whoever started it ends in any way.
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
"""Python looks for garbage seldom: counting references frees what is built here."""


def main() -> None:
    """Answer every task with a line, in turn: the outcome, or why there can be none any more."""
    gc.set_threshold(GC_THRESHOLD)
    tasks = sys.stdin.buffer
    try:
        with open_connection(orjson.loads(tasks.readline()), name="audit") as connection:
            for line in tasks:
                _write_answer(result_to_line(compare(connection, parse_check(line))))
    except psycopg.Error as error:
        _write_answer(orjson.dumps({"trouble": str(error)}))


def check_to_line(task: GroupCheck) -> bytes:
    """Return a task as a hand reads it."""
    roots = [(last, root.hex()) for last, root in task.roots]
    return orjson.dumps((task.first, task.last, roots), option=orjson.OPT_APPEND_NEWLINE)


def parse_check(line: bytes) -> GroupCheck:
    """Return the task that `check_to_line` wrote."""
    first, last, roots = orjson.loads(line)
    return GroupCheck(first, last, [(ends, bytes.fromhex(root)) for ends, root in roots])


def result_to_line(outcome: GroupResult) -> bytes:
    """Return an outcome as `hands` reads it."""
    return orjson.dumps({"outcome": outcome})


def _write_answer(answer: bytes) -> None:
    os.write(sys.stdout.fileno(), answer + b"\n")  # all of it: a pipe takes so little at once, and nothing stays behind


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # whoever started us has ended
        main()
