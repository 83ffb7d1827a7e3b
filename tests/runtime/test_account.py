"""PostgreSQL refuses root: the ways around it, each on a folder that only root may enter, and no way at all."""

import os
import pwd
from pathlib import Path

import psycopg
import pytest

from runtime.local.embedded import EmbeddedPostgres, ServerDidNotStart
from tests.runtime.processes import owner, the_process

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has one way only, tested everywhere else")
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder yet to be made, below one that only its owner may enter."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    return closed / "postgres"


@pytest.fixture
def forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that fail; whatever stands in it is forbidden on this machine."""
    programs = tmp_path / "forbidden"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return programs


def forbid(programs: Path, name: str) -> None:
    """Make a program fail as it does where a container forbids what it asks for."""
    (programs / name).write_text("#!/bin/sh\nexit 1\n")
    (programs / name).chmod(0o755)


def account_of(pid: int) -> int:
    """The account a process runs under, as seen from here."""
    return Path(f"/proc/{pid}").stat().st_uid


def says_hello(server: EmbeddedPostgres) -> bool:
    """Ask the server something."""
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT 'hello'").fetchone() == ("hello",)


class TestOrdinaryUser:
    """The only way for an ordinary user; for root, the same way under another account."""

    def test_the_server_runs_as_that_user(self, folder: Path) -> None:
        prefix: tuple[str, ...] = ()
        if os.geteuid() == 0:
            os.chown(folder.parent, NOBODY.pw_uid, NOBODY.pw_gid)
            change = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups")
            prefix = (*change, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")  # to reach the checkout
        with owner("postgres", folder, prefix=prefix) as process:
            assert account_of(the_process(folder, "postgres")) == account_of(process.pid) != 0
            assert (folder / "cluster").stat().st_uid == account_of(process.pid)
            assert says_hello(EmbeddedPostgres(folder))


@needs_root
class TestRoot:
    def test_the_server_is_mapped_and_nothing_is_opened_to_others(self, folder: Path) -> None:
        with EmbeddedPostgres(folder, fast=True) as server:
            assert says_hello(server)
        assert {oct(path.stat().st_mode & 0o077) for path in (folder, folder / "cluster", folder.parent)} == {"0o0"}

    def test_given_no_namespaces_then_it_runs_as_a_system_account_and_says_so(
        self, folder: Path, forbidden: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        forbid(forbidden, "unshare")
        with EmbeddedPostgres(folder, fast=True) as server:
            assert says_hello(server)
            assert account_of(the_process(folder, "postgres")) == (folder / "cluster").stat().st_uid != 0
        assert "user namespaces are forbidden here" in capfd.readouterr().out

    def test_given_the_way_changes_between_starts_then_the_data_is_still_readable(
        self, folder: Path, forbidden: Path
    ) -> None:
        server = EmbeddedPostgres(folder, fast=True)
        for _ in range(2):
            with server:
                assert says_hello(server)
            forbid(forbidden, "unshare")
        (forbidden / "unshare").unlink()
        with server:
            assert says_hello(server)
        assert (folder / "cluster").stat().st_uid == 0

    def test_given_no_way_then_a_sentence_says_what_to_do(self, folder: Path, forbidden: Path) -> None:
        forbid(forbidden, "unshare")
        forbid(forbidden, "setpriv")
        with pytest.raises(ServerDidNotStart, match="Start seatledger as an ordinary user, or set"):
            EmbeddedPostgres(folder).start()
