"""The environment: what it may leave out, and what it must not."""

import os
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from application.errors import Unauthenticated
from application.ticket_codes import TicketCode
from runtime import exposure
from runtime.exposure import is_loopback, require_safe_exposure
from runtime.settings import DEMO_SECRET_KEY, SettingsRefused, load_settings
from runtime.tuning.interpreter import PATCH_MIN, interpreter_warning, require_current_interpreter
from runtime.wiring import build_ticket_codes, build_tokens

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
        purposes = ["app", "projector", "tickets"]
        derived = [load_settings().derived(purpose) for purpose in purposes]
        assert len(set(derived)) == 3
        assert derived == [load_settings().derived(purpose) for purpose in purposes]

    def test_given_a_leaked_secret_then_old_tickets_admit_and_its_tokens_are_not_believed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD)
        before = load_settings()
        leaked = build_tokens(before).issue("01935a1c-0000-7000-8000-00000000dead", guest=False)
        sold = TicketCode(ticket=str(uuid7()), performance=str(uuid7()))
        code = build_ticket_codes(before).write(sold)
        environment(monkeypatch, SECRET_KEY=f"new {GOOD}", PREVIOUS_TICKET_SECRETS=GOOD)
        after = load_settings()
        assert build_ticket_codes(after).read(code) == sold
        with pytest.raises(Unauthenticated):
            build_tokens(after).read(leaked)

    def test_given_secrets_of_their_own_then_each_rotates_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD)
        before = load_settings()
        for name, value in (("TOKEN_SECRET", "token_secrets"), ("TICKET_SECRET", "ticket_secrets")):
            environment(monkeypatch, SECRET_KEY=GOOD, **{name: f"other {GOOD}"})
            after = load_settings()
            assert getattr(after, value) == [f"other {GOOD}"]
            assert after.role_password("app") == before.role_password("app")
            monkeypatch.delenv(f"SEATLEDGER_{name}")
        environment(monkeypatch, SECRET_KEY=GOOD, ROLE_SECRET=f"other {GOOD}")
        assert load_settings().role_password("app") != before.role_password("app")
        assert load_settings().token_secrets == before.token_secrets

    @pytest.mark.parametrize("name", ["TOKEN_SECRET", "TICKET_SECRET", "ROLE_SECRET", "PREVIOUS_TICKET_SECRETS"])
    def test_given_a_short_one_then_it_refuses_to_start(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD, **{name: "short"})
        with pytest.raises(SettingsRefused, match=name):
            load_settings()

    def test_given_any_then_printing_the_settings_shows_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = "postgresql://owner:password@host/db"
        environment(monkeypatch, SECRET_KEY=GOOD, PREVIOUS_TOKEN_SECRETS=GOOD, DATABASE_URL=url, NATS_URL=url)
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


class TestClients:
    def test_given_networks_then_they_are_trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, DEMO="true", TRUSTED_PROXIES="10.0.0.0/8, fd00::/8", PROXY_HOPS=2)
        clients = load_settings().clients
        assert clients.is_trusted("10.1.2.3")
        assert clients.is_trusted("fd00::1")
        assert not clients.is_trusted("192.0.2.1")
        assert clients.hops == 2

    @pytest.mark.parametrize("value", ["", "everybody", "10.0.0.1/8", "10.0.0.0/8;fd00::/8"])
    def test_given_no_networks_then_they_are_refused(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        environment(monkeypatch, DEMO="true", TRUSTED_PROXIES=value)
        with pytest.raises(SettingsRefused, match="SEATLEDGER_TRUSTED_PROXIES"):
            load_settings()


class TestExposure:
    """What must be answered before strangers are let in."""

    @pytest.fixture(autouse=True)
    def sound_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run on a Python without known holes, whatever it is."""
        monkeypatch.setattr(exposure, "interpreter_warning", lambda: None)

    def test_given_a_public_address_then_it_asks_who_the_clients_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD, PUBLIC_URL="https://shop.example")
        with pytest.raises(SettingsRefused, match="SEATLEDGER_TRUSTED_PROXIES"):
            require_safe_exposure(load_settings())

    @pytest.mark.parametrize(
        "named",
        [
            {"TRUSTED_PROXIES": "none", "PUBLIC_URL": "https://shop.example"},
            {"TRUSTED_PROXIES": "10.0.0.0/8", "PUBLIC_URL": "https://shop.example"},
            {"DEMO": "true", "PUBLIC_URL": "https://shop.example"},
            {"PUBLIC_URL": "http://127.0.0.1:8000"},
            {"PUBLIC_URL": "http://[::1]:8000"},
            {"PUBLIC_URL": "http://localhost:8000"},
        ],
    )
    def test_given_an_answer_or_no_strangers_then_it_starts(
        self, monkeypatch: pytest.MonkeyPatch, named: dict[str, str]
    ) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD, **named)
        require_safe_exposure(load_settings())

    @pytest.mark.parametrize("host", ["shop.example", "10.0.0.1", "127.0.0.1.evil.example", "0.0.0.0", ""])
    def test_given_another_host_then_it_is_not_this_machine(self, host: str) -> None:
        assert not is_loopback(host)


class TestInterpreter:
    @pytest.mark.parametrize("version", [(3, 11, 7), (3, 11, 9), (3, 12, 1)])
    def test_given_a_patch_release_with_known_holes_then_it_says_which_to_install(
        self, version: tuple[int, int, int]
    ) -> None:
        trouble = interpreter_warning(version)
        assert trouble is not None
        assert f"{version[0]}.{version[1]}.{PATCH_MIN[version[0], version[1]]}" in trouble

    @pytest.mark.parametrize("version", [(3, 11, 10), (3, 12, 6), (3, 13, 0), (3, 14, 2)])
    def test_given_a_later_one_then_nothing_is_wrong(self, version: tuple[int, int, int]) -> None:
        assert interpreter_warning(version) is None

    def test_given_an_old_one_then_it_starts_in_demo_mode_or_where_it_is_allowed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        environment(monkeypatch, SECRET_KEY=GOOD)
        with pytest.raises(SettingsRefused, match="SEATLEDGER_ALLOW_OLD_PYTHON=true"):
            require_current_interpreter(load_settings(), warning="It is old.")
        environment(monkeypatch, ALLOW_OLD_PYTHON="true")
        require_current_interpreter(load_settings(), warning="It is old.")
        environment(monkeypatch, ALLOW_OLD_PYTHON="false", DEMO="true")
        require_current_interpreter(load_settings(), warning="It is old.")

    def test_set_up_warns_by_the_same_table(self) -> None:
        script = (Path(__file__).parents[2] / "scripts" / "setup").read_text()
        assert str(PATCH_MIN) in script
