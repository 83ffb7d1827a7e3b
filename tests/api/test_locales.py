"""The language of an order is a known one."""

import pytest

from api.schemas.fields.locales import require_known_locale
from tests.api.http_scenario import HttpScenario, done, refused


class TestLocales:
    @pytest.mark.parametrize(
        ("typed", "known"),
        [
            ("en", "en"),
            ("DE-at", "de-AT"),
            ("pt-BR", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("sr-Latn", "sr-Latn"),
            ("es-419", "es-419"),
            ("nb", "nb"),
            ("yue", "yue"),
        ],
    )
    def test_given_a_language_then_its_tag_is_written_in_one_way(self, typed: str, known: str) -> None:
        assert require_known_locale(typed) == known

    @pytest.mark.parametrize("tag", ["", "xx", "xx-nope", "en-Nope", "en-ZZ", "en_US", "en-", "c", "posix", "english"])
    def test_given_no_language_script_or_region_then_it_is_refused(self, tag: str) -> None:
        with pytest.raises(ValueError, match="must be a language"):
            require_known_locale(tag)

    async def test_given_an_order_in_no_language_then_it_is_refused_and_nothing_is_placed(
        self, office: HttpScenario
    ) -> None:
        buyer, head = await office.somebody(), await office.head()
        answer = await office.order(buyer, office.seats[0], locale="xx-nope")
        assert refused(answer) == (422, "malformed")
        assert "must be a language" in answer.json()["detail"]
        assert await office.head() == head
        done(await office.order(buyer, office.seats[0], locale="nn-NO"))
