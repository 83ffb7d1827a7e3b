"""A full disk is said, waited for and recovered from."""

import errno
from pathlib import Path

import pytest

from runtime.local import disk_space
from runtime.local.disk_space import DiskSpace, DiskSpaceMonitor, disk_space_of, is_disk_full_error
from runtime.local.errors import DiskFull
from runtime.local.run_all import translate_disk_full
from runtime.local.supervision import restarter
from runtime.local.supervision.restart_policy import RestartPolicy
from tests.runtime.owner import a_part
from tests.runtime.test_parts import run

FULL = DiskSpace(mount=Path("/data"), free_bytes=0, total_bytes=100 * disk_space.MIB)
FREE = DiskSpace(mount=Path("/data"), free_bytes=90 * disk_space.MIB, total_bytes=100 * disk_space.MIB)
ENDS_THREE_TIMES = """
import pathlib, sys, time
name, folder = sys.argv[1:]
tries = pathlib.Path(folder, name + '.tries')
tries.write_text(tries.read_text() + '.' if tries.exists() else '.')
if len(tries.read_text()) in (1, 4):
    print('listening', flush=True)
while not pathlib.Path(folder, 'started').exists():
    time.sleep(0.01)
if len(tries.read_text()) < 4:
    print('PANIC: could not write: No space left on device', flush=True)
    sys.exit(1)
time.sleep(1000)
"""


class TestRoom:
    def test_the_room_of_a_folder_that_is_not_there_yet_is_that_of_its_disk(self, tmp_path: Path) -> None:
        assert disk_space_of(tmp_path / "a" / "b").mount == disk_space_of(tmp_path).mount

    @pytest.mark.parametrize(
        ("error", "is_full"),
        [
            (OSError(errno.ENOSPC, "No space left on device"), True),
            (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
            (OSError(errno.EACCES, "Permission denied"), False),
            (ValueError("28"), False),
        ],
    )
    def test_an_error_for_want_of_room_is_told_from_others(self, error: Exception, is_full: bool) -> None:
        assert is_disk_full_error(error) is is_full

    def test_given_a_full_disk_at_the_start_then_a_sentence_says_which(self, tmp_path: Path) -> None:
        with (
            pytest.raises(DiskFull, match=r"No disk space: the disk mounted at .* has .* MiB free"),
            translate_disk_full(tmp_path),
        ):
            raise OSError(errno.ENOSPC, "No space left on device")

    def test_it_is_said_once_when_it_is_full_and_once_when_there_is_room_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch = DiskSpaceMonitor(Path("/data"))
        said = []
        for room in (FREE, FULL, FULL, FREE, FREE):
            monkeypatch.setattr(disk_space, "disk_space_of", lambda _, space=room: space)
            said.append(watch.check())
        assert [sentence is None for sentence in said] == [True, False, True, False, True]
        assert "the disk mounted at /data has 0 of 100 MiB free" in str(said[1])
        assert said[3] == "Disk space is sufficient again: the disk mounted at /data has 90 of 100 MiB free."


class TestRestarts:
    def test_given_a_full_disk_then_ends_are_not_counted_and_it_comes_back_with_the_room(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(restarter, "DISK_FULL_PAUSE_SECONDS", 0.01)
        policy = RestartPolicy(first_pause_s=0.0, restarts_max=1)
        part = a_part("first", tmp_path, ENDS_THREE_TIMES)
        said = run(part, folder=tmp_path, policy=policy)
        assert (tmp_path / "first.tries").read_text() == "...."
        assert said[0].startswith("first ended by itself with status 1. No disk space: the disk mounted at ")
        assert not [line for line in said if "not restarted" in line or "suspended" in line]
