"""How many connections a process may have open: as many as a crowd takes, if the system lets it."""

import resource
import subprocess
import sys

import pytest

SCRIPT = """
import resource
from runtime.tuning.file_limits import allow_open_files
print(allow_open_files({wanted}), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limited(wanted: int, *, soft: int, hard: int) -> tuple[list[int], str]:
    """Ask for so many in a process with these limits; return what it may, its limits then, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(wanted=wanted)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = ran.stdout.splitlines()
    return [int(number) for number in said[-1].split()], "\n".join(said[:-1])


class TestAllowOpenFiles:
    @pytest.mark.parametrize(
        ("soft", "hard", "allowed"), [(256, 4_096, 1_000), (256, 512, 512), (2_000, 4_096, 2_000)], ids=str
    )
    def test_then_as_many_as_wanted_or_as_the_system_lets_it(self, soft: int, hard: int, allowed: int) -> None:
        limits, said = limited(1_000, soft=soft, hard=hard)
        assert limits == [allowed, allowed, hard]
        assert ("limit of open files is low" in said) == (allowed < 1_000)
