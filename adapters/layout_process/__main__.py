"""Runs one task: reads the input from standard input, other files from inherited descriptors, and exits.

Usage: python -m adapters.layout_process publish|draw BYTES_MAX SECONDS_MAX OUT_FD [PREVIOUS_FD]
"""

import os
import resource
import sys

NICE = 5


def limit(bytes_max: int, seconds_max: int) -> None:
    """Lower this process's priority, and limit its memory, CPU time and core dumps."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(task: str, out: int, previous: int | None) -> None:
    """Run the task; write the answer to standard output and the file to the descriptor `out`."""
    from adapters.layout_process import work  # noqa: PLC0415 - the import is subject to the limits, too

    body = sys.stdin.buffer.read()
    if task == "draw":
        answer, content = work.render_document(body)
    else:
        before = b""
        if previous is not None:
            with os.fdopen(previous, "rb") as file:
                before = file.read()
        answer, content = work.publish_request(body, before)
    with os.fdopen(out, "wb") as file:
        file.write(content)
    sys.stdout.buffer.write(work.line_of(answer))


if __name__ == "__main__":
    task, bytes_max, seconds_max, out, *previous = sys.argv[1:]
    limit(int(bytes_max), int(seconds_max))
    main(task, int(out), int(previous[0]) if previous else None)
