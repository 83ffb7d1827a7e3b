"""The fonts of printed tickets: they come from wheels, so that a ticket prints alike on every machine."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typst

FONT_PACKAGE = ("manimgx_fonts", ".")
CJK_PACKAGE = ("justmytype_intl_cjk", "fonts")
CJK_EXTRA = "cjk"
"""The extra of this project that brings the fonts for Chinese, Japanese and Korean, some 30 MB."""

FIRST_FAMILY = "Noto Sans"
JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL = "Noto Sans JP", "Noto Sans KR", "Noto Sans SC", "Noto Sans TC"
CJK_FAMILIES = (SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN)
FAMILY_OF_COUNTRY = {"JP": JAPANESE, "KR": KOREAN, "TW": TRADITIONAL, "HK": TRADITIONAL, "MO": TRADITIONAL}
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_CJK = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFonts:
    """The fonts that wheels brought; those of the machine are ignored.

    `families`: in the order in which they are asked for a character, Chinese, Japanese and Korean left out.
    """

    fonts: "typst.Fonts"
    families: tuple[str, ...]
    cjk: bool

    def families_for(self, text: str, country: str) -> list[str]:
        """Return the families for a text: the characters that three languages share are drawn as its own does."""
        own = cjk_family(text, country)
        cjk = sorted(CJK_FAMILIES, key=lambda family: family != own) if self.cjk else []
        return [*self.families, *cjk]


def has_cjk() -> bool:
    """Say whether the fonts for Chinese, Japanese and Korean are installed."""
    return find_spec(CJK_PACKAGE[0]) is not None


def installed_fonts(*, cjk: bool) -> InstalledFonts:
    """Find the fonts of the wheels, with or without those for Chinese, Japanese and Korean."""
    import typst  # noqa: PLC0415 - eight megabytes that an API without tickets to print does not need

    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[folder(*package) for package in (FONT_PACKAGE, *([CJK_PACKAGE] if cjk else []))],
    )
    return InstalledFonts(fonts=fonts, families=ordered(fonts.families()), cjk=cjk)


def folder(package: str, name: str) -> Path:
    """Return the folder of a package that holds its fonts."""
    with resources.as_file(resources.files(package) / name) as path:
        return path


def ordered(families: Iterable[str]) -> tuple[str, ...]:
    """Return the families without those for Chinese, Japanese and Korean, the one for Latin first."""
    return tuple(sorted(set(families) - set(CJK_FAMILIES), key=lambda family: (family != FIRST_FAMILY, family)))


def cjk_family(text: str, country: str) -> str:
    """Return the family whose language a text is most likely in, by its script or else by the venue's country."""
    if _KANA.search(text):
        return JAPANESE
    if _HANGUL.search(text):
        return KOREAN
    return FAMILY_OF_COUNTRY.get(country, SIMPLIFIED)


def needs_cjk(text: str) -> bool:
    """Say whether a text holds Chinese, Japanese or Korean characters."""
    return _CJK.search(text) is not None
