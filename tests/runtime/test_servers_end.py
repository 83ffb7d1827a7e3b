"""However the owner of a server ends, nothing of it is left, and the next start finds what was acknowledged."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from runtime.local.embedded import DataInUse, EmbeddedNats, EmbeddedPostgres, ServerDidNotStart
from runtime.local.embedded.lock import try_lock
from tests.runtime.owner import SERVERS
from tests.runtime.processes import all_gone, is_listening, owner, processes_of, the_process, until

PROGRAMS = {"postgres": "postgres", "nats": "nats-server"}
both_servers = pytest.mark.parametrize("kind", SERVERS)


@both_servers
class TestOwnerEnds:
    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_given_a_signal_then_no_process_and_no_listener_is_left(
        self, kind: str, how: signal.Signals, folder: Path
    ) -> None:
        with owner(kind, folder) as process:
            port = SERVERS[kind](folder).port
            assert is_listening(port)
            process.send_signal(how)
            process.wait()
            all_gone(folder)
            assert not is_listening(port)

    def test_given_a_killed_supervisor_then_the_kernel_ends_the_server(self, kind: str, folder: Path) -> None:
        with owner(kind, folder) as process:
            [supervisor] = [pid for pid, command in processes_of(folder).items() if "supervisor.py" in command]
            os.kill(supervisor, signal.SIGKILL)
            until(lambda: set(processes_of(folder)) <= {process.pid}, "the end of the server")

    def test_given_a_kill_then_the_next_start_waits_for_the_old_server(self, kind: str, folder: Path) -> None:
        with owner(kind, folder) as process:
            process.kill()
            process.wait()
            with SERVERS[kind](folder) as server:
                assert is_listening(server.port)

    def test_given_owner_and_supervisor_killed_then_the_folder_is_locked_as_long_as_the_server_lives(
        self, kind: str, folder: Path
    ) -> None:
        with owner(kind, folder) as process:
            server = the_process(folder, PROGRAMS[kind])
            [supervisor] = [pid for pid, command in processes_of(folder).items() if "supervisor.py" in command]
            os.kill(server, signal.SIGSTOP)  # a server that takes its time
            for pid in (process.pid, supervisor):
                os.kill(pid, signal.SIGKILL)
            until(lambda: supervisor not in processes_of(folder), "the end of the supervisor")
            with (folder / "server.lock").open() as lock:
                assert not try_lock(lock.fileno())
                os.kill(server, signal.SIGCONT)
                until(lambda: try_lock(lock.fileno()), "the end of the server")
        assert processes_of(folder) == {}


@both_servers
class TestSecondStart:
    def test_it_is_refused_and_the_first_goes_on(self, kind: str, folder: Path) -> None:
        with SERVERS[kind](folder) as first:
            with pytest.raises(DataInUse, match=rf"in use by a running seatledger \(process {os.getpid()}\)"):
                SERVERS[kind](folder).start()
            assert is_listening(first.port)

    def test_after_a_stop_it_succeeds(self, kind: str, folder: Path) -> None:
        server = SERVERS[kind](folder)
        server.start()
        server.stop()
        server.stop()
        assert processes_of(folder) == {}
        with server:
            assert is_listening(server.port)


@both_servers
class TestPort:
    def test_it_is_kept_over_restarts(self, kind: str, folder: Path) -> None:
        ports = set()
        for _ in range(2):
            with SERVERS[kind](folder) as server:
                ports.add(server.port)
        assert len(ports) == 1

    def test_given_another_took_it_then_a_new_one_is_drawn(
        self, kind: str, folder: Path, nats_server: EmbeddedNats
    ) -> None:
        (folder / "port").write_text(str(nats_server.port))
        with SERVERS[kind](folder) as server:
            assert server.port != nats_server.port

    def test_given_a_fixed_one_that_is_taken_then_the_servers_own_words_are_told(
        self, kind: str, folder: Path, nats_server: EmbeddedNats
    ) -> None:
        with pytest.raises(ServerDidNotStart, match=r"(?is)did not start.*address already in use"):
            SERVERS[kind](folder, port=nats_server.port).start()
        assert processes_of(folder) == {}


class TestPostgresRecovers:
    def test_given_a_killed_server_and_owner_then_a_committed_row_is_there(self, folder: Path) -> None:
        with owner("postgres", folder):
            with psycopg.connect(EmbeddedPostgres(folder).url) as connection:
                connection.execute("CREATE TABLE fact (said text)")
                connection.execute("INSERT INTO fact VALUES ('kept')")
            os.kill(the_process(folder, "postgres"), signal.SIGKILL)
        all_gone(folder)
        assert (folder / "cluster" / "postmaster.pid").exists()
        with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT said FROM fact").fetchone() == ("kept",)

    def test_given_a_pid_file_that_names_an_innocent_process_then_it_starts_and_leaves_it_alone(
        self, folder: Path
    ) -> None:
        with EmbeddedPostgres(folder, fast=True) as server:
            server.stop()
            pid_file = folder / "cluster" / "postmaster.pid"
            pid_file.write_text(f"{os.getppid()}\n{folder}/cluster\n1\n{server.port}\n\n127.0.0.1\n0 0\nready\n")
            server.start()
            assert pid_file.read_text().splitlines()[0] != str(os.getppid())

    def test_given_an_initdb_cut_short_then_the_next_start_begins_anew(self, tmp_path: Path) -> None:
        (tmp_path / "cluster.new" / "base").mkdir(parents=True)
        with EmbeddedPostgres(tmp_path, fast=True) as server:
            assert is_listening(server.port)

    def test_given_a_killed_postmaster_then_the_owner_is_told_and_no_backend_is_left(self, folder: Path) -> None:
        with EmbeddedPostgres(folder, fast=True) as server:
            os.kill(the_process(folder, "postgres"), signal.SIGKILL)
            assert server.process.wait(30) == 128 + signal.SIGKILL
            assert processes_of(folder) == {}
