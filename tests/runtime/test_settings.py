"""The environment: what it may leave out, and what it must not."""

import os
from typing import Any

import pytest

from runtime.settings import DEMO_SECRET_KEY, SettingsRefused, load_settings

GOOD = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an environment without a word for us."""
    for name in [name for name in os.environ if name.startswith("SEATLEDGER_")]:
        monkeypatch.delenv(name)


def environment(monkeypatch: pytest.MonkeyPatch, **named: Any) -> None:
    """Set variables, named without the prefix."""
    for name, value in named.items():
        monkeypatch.setenv(f"SEATLEDGER_{name}", str(value))


class TestSecret:
    @pytest.mark.parametrize("secret", [None, "", "short", DEMO_SECRET_KEY])
    def test_given_none_worth_the_name_then_it_refuses_to_start_and_says_what_to_set(
        self, monkeypatch: pytest.MonkeyPatch, secret: str | None
    ) -> None:
        environment(monkeypatch, **({} if secret is None else {"SECRET_KEY": secret}))
        with pytest.raises(SettingsRefused, match="SEATLEDGER_SECRET_KEY") as refused:
            load_settings()
        assert not secret or secret not in str(refused.value)

    def test_given_a_demonstration_then_the_known_one_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, DEMO="true")
        assert load_settings().secret_key.get_secret_value() == DEMO_SECRET_KEY

    def test_given_one_then_everything_derived_differs_and_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD)
        purposes = ["seatledger_app", "seatledger_projector", "tickets"]
        derived = [load_settings().derived(purpose) for purpose in purposes]
        assert len(set(derived)) == 3
        assert derived == [load_settings().derived(purpose) for purpose in purposes]

    def test_given_retired_ones_then_they_are_kept_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD, PREVIOUS_SECRET_KEYS=f"{GOOD}1,{GOOD}2")
        assert [known.get_secret_value()[-1] for known in load_settings().previous_secret_keys] == ["1", "2"]

    def test_given_any_then_printing_the_settings_shows_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = "postgresql://owner:password@host/db"
        environment(monkeypatch, SECRET_KEY=GOOD, PREVIOUS_SECRET_KEYS=GOOD, DATABASE_URL=url, SMTP_URL=url)
        shown = f"{load_settings()} {load_settings()!r}"
        assert GOOD not in shown
        assert "password" not in shown.replace("demo_password", "")


class TestOthers:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORT", "many"),
            ("PORT", "70000"),
            ("DEMO", "perhaps"),
            ("SANDBOX_URL", "http://x"),
            ("FOUR_EYES_ABOVE", "lots"),
        ],
    )
    def test_given_a_senseless_value_then_the_sentence_names_the_variable(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD, **{name: value})
        with pytest.raises(SettingsRefused, match=f"SEATLEDGER_{name}"):
            load_settings()

    @pytest.mark.parametrize(
        ("value", "euro", "yen"),
        [(None, True, True), ("5000000", False, False), ("100,JPY=15000000", True, False), ("", False, False)],
    )
    def test_given_an_amount_then_what_is_above_it_takes_two(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None, *, euro: bool, yen: bool
    ) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD, **({} if value is None else {"FOUR_EYES_ABOVE": value}))
        limits = load_settings().four_eyes
        assert (limits.second_needed(4_000_000, "EUR"), limits.second_needed(4_000_000, "JPY")) == (euro, yen)

    def test_given_no_database_then_the_sentence_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD)
        with pytest.raises(SettingsRefused, match="seatledger up"):
            _ = load_settings().required_database_url
