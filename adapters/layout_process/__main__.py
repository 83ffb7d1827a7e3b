"""One task and then the end: the body on standard input, more in files that were opened before us.

Usage: python -m adapters.layout_process publish|draw BYTES_MAX SECONDS_MAX OUT_FD [PREVIOUS_FD]
"""

import os
import resource
import sys

NICE = 5


def limit(bytes_max: int, seconds_max: int) -> None:
    """Bound what this process may take."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(task: str, out: int, previous: int | None) -> None:
    """Do the task; the answer goes to standard output, the file to `out`."""
    from adapters.layout_process import work  # noqa: PLC0415 - within the limits, like everything else

    given = sys.stdin.buffer.read()
    if task == "draw":
        answer, content = work.render_document(given)
    else:
        before = b""
        if previous is not None:
            with os.fdopen(previous, "rb") as file:
                before = file.read()
        answer, content = work.publish_request(given, before)
    with os.fdopen(out, "wb") as file:
        file.write(content)
    sys.stdout.buffer.write(work.line_of(answer))


if __name__ == "__main__":
    task, bytes_max, seconds_max, out, *previous = sys.argv[1:]
    limit(int(bytes_max), int(seconds_max))
    main(task, int(out), int(previous[0]) if previous else None)
