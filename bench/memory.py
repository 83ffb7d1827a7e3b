"""Memory of an idle installation by part, as proportional set sizes, so that a shared page counts once in total."""

import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bench.support.shop import Shop, children_of

SETTLE_S = 15.0
TOTAL_MIB_MAX = 400.0
KIB_PER_MIB = 1024
PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)

PARTS: Sequence[tuple[str, str]] = (
    ("supervisors", "runtime.local.embedded.supervisor"),
    ("supervisors", "embedded/supervisor.py"),
    ("fork server", "runtime.local.supervision.fork_server"),
    ("sandbox", "sandbox_provider"),
    ("relay", "runtime.cli relay"),
    ("project", "runtime.cli project"),
    ("process", "runtime.cli process"),
    ("seal", "runtime.cli seal"),
    ("api", "runtime.cli api"),
    ("up", "runtime.cli up"),
    ("NATS", "nats-server"),
    ("PostgreSQL", "postgres"),
)
"""Parts by words of a process's command line; the first match counts."""


def main(_arguments: Sequence[str]) -> int:
    """Start an installation, wait until it is idle, print the table; return 1 if the target is exceeded."""
    with tempfile.TemporaryDirectory() as folder, Shop(Path(folder) / "data") as shop:
        time.sleep(SETTLE_S)
        taken = memory_of(shop.pid)
    print(table(taken))
    total = sum(sum(sizes) for sizes in taken.values())
    print(f"\nidle shop: {total:.0f} MiB, at most {TOTAL_MIB_MAX:.0f} wanted")
    return int(total > TOTAL_MIB_MAX)


def memory_of(pid: int) -> Mapping[str, list[float]]:
    """Return the sizes in MiB of a process and all its descendants, by part."""
    found: dict[str, list[float]] = defaultdict(list)
    for member in (pid, *children_of(pid)):
        with suppress(OSError):
            size = PSS.search(Path(f"/proc/{member}/smaps_rollup").read_text())
            command = Path(f"/proc/{member}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if size is not None:
                found[part_of(command)].append(int(size[1]) / KIB_PER_MIB)
    return found


def part_of(command: str) -> str:
    """Return the part that a command line belongs to."""
    return next((part for part, words in PARTS if words in command), "other")


def table(taken: Mapping[str, Sequence[float]]) -> str:
    """Format the sizes as a table, the largest first."""
    rows = sorted(taken.items(), key=lambda row: -sum(row[1]))
    lines = [f"| {part} | {len(sizes)} | {sum(sizes):.0f} |" for part, sizes in rows]
    return "\n".join(["| part | processes | MiB |", "|---|---|---|", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
