"""The language of messages to a buyer: a BCP 47 tag with a known language."""

import locale
import re
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from api.schemas.fields.values import country_codes

LOCALE_LENGTH_MAX = 35
TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")
LANGUAGE = re.compile(r"([a-z]{2,3})(?![a-zA-Z])")
SCRIPTS = frozenset({"Arab", "Beng", "Cyrl", "Deva", "Grek", "Guru", "Hans", "Hant", "Hebr", "Latn", "Mong", "Tfng"})
WORLD_REGIONS = frozenset({"001", "150", "419"})
"""The world, Europe and Latin America: regions that are not countries."""


@cache
def languages() -> frozenset[str]:
    """Return the ISO 639 codes of the languages that operating systems support."""
    names = (*locale.windows_locale.values(), *locale.locale_alias.values())
    return frozenset(found[1] for name in names if (found := LANGUAGE.match(name)))


def require_known_locale(tag: str) -> str:
    """Return the tag in its usual notation: `pt-BR`, `zh-Hant-TW`.

    Raises:
        ValueError: its language, script or region is unknown.
    """
    found = TAG.fullmatch(tag)
    if found is not None:
        language, script, region = found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()
        known_script = not script or script in SCRIPTS
        if language in languages() and known_script and (not region or region in country_codes() | WORLD_REGIONS):
            return "-".join(filter(None, (language, script, region)))
    raise ValueError("must be a language, optionally with script and region: en, pt-BR, zh-Hant")


Locale = Annotated[
    str,
    StringConstraints(max_length=LOCALE_LENGTH_MAX),
    AfterValidator(require_known_locale),
    Field(description="Language of messages to the buyer (BCP 47): language, optional script and region."),
]
