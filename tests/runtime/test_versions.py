"""Servers that are too old are refused with a sentence that says what to do."""

import pytest

from runtime.local.embedded import ServerTooOld, check_nats_version, check_postgres_version


class TestPostgres:
    @pytest.mark.parametrize("number", [90_624, 150_013])
    def test_an_old_one_is_refused(self, number: int) -> None:
        with pytest.raises(ServerTooOld, match=r"needs 16 or newer\. Point SEATLEDGER_DATABASE_URL at"):
            check_postgres_version(number)

    @pytest.mark.parametrize("number", [160_000, 180_004])
    def test_a_new_one_is_welcome(self, number: int) -> None:
        check_postgres_version(number)


class TestNats:
    @pytest.mark.parametrize("version", ["2.9.10", "2.11.99", "1.12.0", "v2.9.10", "", "twelve"])
    def test_an_old_one_is_refused(self, version: str) -> None:
        with pytest.raises(ServerTooOld, match=r"needs 2\.12 or newer\. Point SEATLEDGER_NATS_URL at"):
            check_nats_version(version)

    @pytest.mark.parametrize("version", ["2.12.0", "2.12.0-RC.1", "2.100.0", "v2.15.1", "3.0.0"])
    def test_a_new_one_is_welcome(self, version: str) -> None:
        check_nats_version(version)
