"""Operator commands find the running shop by its folder and take its secrets from there."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from runtime.cli.main import app
from runtime.settings import PREFIX, SettingsRefused
from tests.system.shop import Shop

COMMANDS = (
    ("relay", "new-epoch", "--reason", "a drill"),
    ("seal", "new-chain", "--reason", "a drill"),
    ("projections", "list"),
    ("processes", "list"),
    ("audit", "log", "--limit", "1"),
    ("migrate",),
)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands are typed in: nothing is there, and nothing may be made there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*words: str, **settings: str) -> Result:
    """Type a command in this process, which is quicker than to start one."""
    return CliRunner().invoke(app, words, env={PREFIX + name: text for name, text in settings.items()})


class TestFolder:
    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_it_is_named_by_the_environment(self, shop: Shop, words: tuple[str, ...], elsewhere: Path) -> None:
        done = typed(*words, DATA=str(shop.data))
        assert done.exit_code == 0, done.exception
        assert list(elsewhere.iterdir()) == []

    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_it_is_named_by_an_option(self, shop: Shop, words: tuple[str, ...], elsewhere: Path) -> None:
        done = typed(*words, "--data", str(shop.data))
        assert done.exit_code == 0, done.exception
        assert list(elsewhere.iterdir()) == []

    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_given_no_shop_there_then_a_sentence_says_so(self, words: tuple[str, ...], elsewhere: Path) -> None:
        refused = typed(*words).exception
        assert isinstance(refused, SettingsRefused)
        assert f"There is no Seatledger data in {elsewhere / 'var'}" in str(refused)
        assert list(elsewhere.iterdir()) == []

    @pytest.mark.usefixtures("elsewhere")
    def test_given_servers_of_their_own_then_the_sealer_asks_where_seals_are_kept(self) -> None:
        refused = typed("seal", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", SECRET_KEY="x" * 40).exception
        assert isinstance(refused, SettingsRefused)
        assert "The location of seals and of the sealer's key is not set" in str(refused)
