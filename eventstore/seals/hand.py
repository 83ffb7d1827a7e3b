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

from eventstore.seals.comparing import Outcome, Task, compare
from eventstore.seals.content import open_connection

OBJECTS_BETWEEN_LOOKS = 200_000
"""Python looks for garbage seldom: counting references frees what is built here."""


def main() -> None:
    """Answer every task with a line, in turn: the outcome, or why there can be none any more."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    tasks = sys.stdin.buffer
    try:
        with open_connection(orjson.loads(tasks.readline()), name="audit") as connection:
            for line in tasks:
                _say(outcome_to_line(compare(connection, task_in(line))))
    except psycopg.Error as error:
        _say(orjson.dumps({"trouble": str(error)}))


def task_to_line(task: Task) -> bytes:
    """Return a task as a hand reads it."""
    roots = [(last, root.hex()) for last, root in task.roots]
    return orjson.dumps((task.first, task.last, roots), option=orjson.OPT_APPEND_NEWLINE)


def task_in(line: bytes) -> Task:
    """Return the task that `task_to_line` wrote."""
    first, last, roots = orjson.loads(line)
    return Task(first, last, [(ends, bytes.fromhex(root)) for ends, root in roots])


def outcome_to_line(outcome: Outcome) -> bytes:
    """Return an outcome as `hands` reads it."""
    return orjson.dumps({"outcome": outcome})


def _say(answer: bytes) -> None:
    os.write(sys.stdout.fileno(), answer + b"\n")  # all of it: a pipe takes so little at once, and nothing stays behind


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # whoever started us has ended
        main()
