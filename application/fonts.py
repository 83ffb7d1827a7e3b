"""The fonts of printed tickets; they come from Python packages, so that a ticket prints alike on every machine."""

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
"""The extra of this project with the fonts for Chinese, Japanese and Korean, about 30 MB."""

FIRST_FAMILY = "Noto Sans"
JAPANESE, KOREAN, SIMPLIFIED, TRADITIONAL = "Noto Sans JP", "Noto Sans KR", "Noto Sans SC", "Noto Sans TC"
CJK_FAMILIES = (SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN)
FAMILY_OF_COUNTRY = {"JP": JAPANESE, "KR": KOREAN, "TW": TRADITIONAL, "HK": TRADITIONAL, "MO": TRADITIONAL}
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_CJK = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFonts:
    """The fonts from installed packages; system fonts are not used.

    `families`: in the order of preference for a character, without Chinese, Japanese and Korean.
    """

    fonts: "typst.Fonts"
    families: tuple[str, ...]
    cjk: bool

    def families_for(self, text: str, country: str) -> list[str]:
        """Return the families for a text; the family of the text's own language is preferred for shared characters."""
        own = cjk_family(text, country)
        cjk = sorted(CJK_FAMILIES, key=lambda family: family != own) if self.cjk else []
        return [*self.families, *cjk]


def has_cjk() -> bool:
    """Return whether the fonts for Chinese, Japanese and Korean are installed."""
    return find_spec(CJK_PACKAGE[0]) is not None


def installed_fonts(*, cjk: bool) -> InstalledFonts:
    """Load the fonts from the installed packages, with or without those for Chinese, Japanese and Korean."""
    import typst  # noqa: PLC0415 - 8 MB that a process without printed tickets does not need

    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[folder(*package) for package in (FONT_PACKAGE, *([CJK_PACKAGE] if cjk else []))],
    )
    return InstalledFonts(fonts=fonts, families=order_families(fonts.families()), cjk=cjk)


def folder(package: str, name: str) -> Path:
    """Return the folder of a package that holds its fonts."""
    with resources.as_file(resources.files(package) / name) as path:
        return path


def order_families(families: Iterable[str]) -> tuple[str, ...]:
    """Return the families without those for Chinese, Japanese and Korean; `FIRST_FAMILY` comes first."""
    return tuple(sorted(set(families) - set(CJK_FAMILIES), key=lambda family: (family != FIRST_FAMILY, family)))


def cjk_family(text: str, country: str) -> str:
    """Return the family for the most likely language of a text, by its script or by the venue's country."""
    if _KANA.search(text):
        return JAPANESE
    if _HANGUL.search(text):
        return KOREAN
    return FAMILY_OF_COUNTRY.get(country, SIMPLIFIED)


def needs_cjk(text: str) -> bool:
    """Return whether a text has Chinese, Japanese or Korean characters."""
    return _CJK.search(text) is not None
