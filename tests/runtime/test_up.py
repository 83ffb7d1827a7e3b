"""What a start says and closes, apart from what it starts."""

import json
import socket
from pathlib import Path

import pytest

from runtime.demo.command import create_demo
from runtime.local.data_directory import DataDirectory, data_folder
from runtime.local.errors import PortTaken
from runtime.local.run_all import report_accounts, require_free_port, restrict_permissions
from runtime.settings import PREFIX, Settings, SettingsRefused


class TestFolder:
    def test_given_an_open_folder_then_it_is_closed_and_said(self, tmp_path: Path) -> None:
        said: list[str] = []
        tmp_path.chmod(0o755)
        restrict_permissions(tmp_path, said.append)
        assert tmp_path.stat().st_mode & 0o777 == 0o700
        assert str(tmp_path) in said[0]

    def test_given_a_closed_folder_then_nothing_is_said(self, tmp_path: Path) -> None:
        said: list[str] = []
        tmp_path.chmod(0o700)
        restrict_permissions(tmp_path, said.append)
        assert said == []

    def test_an_option_goes_before_the_environment_and_both_before_the_default(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv(f"{PREFIX}DATA", raising=False)
        assert data_folder() == tmp_path / "var"
        monkeypatch.setenv(f"{PREFIX}DATA", "/srv/shop")
        assert data_folder() == Path("/srv/shop")
        assert data_folder(Path("/srv/other")) == Path("/srv/other")


class TestPort:
    def test_given_another_program_on_the_port_then_the_start_is_refused(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 is taken by another program"):
                require_free_port(port)


class TestDemo:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> DataDirectory:
        """A folder with a demo whose password is known."""
        directory = DataDirectory(tmp_path)
        directory.demo_accounts.write_text(
            json.dumps({"password": "the first one", "accounts": {"admin": "a@demo.test"}})
        )
        return directory

    def test_the_password_is_said_at_the_first_start_alone(self, directory: DataDirectory) -> None:
        first: list[str] = []
        later: list[str] = []
        report_accounts(directory, first.append, is_new=True)
        report_accounts(directory, later.append, is_new=False)
        assert "the first one" in first[0]
        assert "the first one" not in later[0]
        assert str(directory.demo_accounts) in later[0]

    def test_given_another_password_in_the_environment_later_then_it_is_said_not_to_be_applied(
        self, directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said: list[str] = []
        monkeypatch.setenv(f"{PREFIX}DEMO_PASSWORD", "another one")
        report_accounts(directory, said.append, is_new=False)
        assert f"{PREFIX}DEMO_PASSWORD is not applied" in said[1]

    def test_outside_demo_mode_no_known_accounts_are_made(self, tmp_path: Path) -> None:
        settings = Settings(secret_key="x" * 40, demo=False, data=tmp_path)
        with pytest.raises(SettingsRefused, match="it is created only in demo mode"):
            create_demo(settings, lambda _: None)
        assert list(tmp_path.iterdir()) == []
