"""The languages of the console: gettext files, read once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale, negotiate_locale
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
}
"""What each language calls itself, by its code."""

_DEFAULT: Final = "en"
_ACCEPTED: Final = 20  # languages of a header that are read


class Texts:
    """The texts of one language, and how it writes dates and numbers."""

    def __init__(self, language: str, translations: NullTranslations) -> None:
        self.language = language
        self.locale = Locale.parse(language)
        self._translations = translations

    def gettext(self, text: str) -> str:
        """The text in this language; English where it has none, which a test forbids."""
        return self._translations.ugettext(text) if text else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The text for a number of things."""
        return self._translations.ungettext(one, many, number)


def msgid(text: str) -> str:
    """The text itself: marks a constant that is said later, so that its translations are looked for."""
    return text


@cache
def texts_of(language: str) -> Texts:
    """The texts of one of `LANGUAGES`. Raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    joined = Catalog(locale=language)
    folder = files("regard.console") / "texts" / language
    for source in sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else ():
        with source.open("rb") as file:
            for message in read_po(file, locale=language):
                joined[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, joined)
    compiled.seek(0)
    return Texts(language, Translations(compiled))


def choose_language(chosen: str | None, accepted: str) -> str:
    """The person's choice, or what their browser accepts (Accept-Language), or English."""
    if chosen in LANGUAGES:
        return str(chosen)
    wanted: list[tuple[float, str]] = []
    for entry in accepted.split(",")[:_ACCEPTED]:
        name, _, parameter = entry.partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            wanted.append((float(weight or 1), name.strip().lower().replace("-", "_")))
        except ValueError:
            continue
    wanted.sort(key=lambda one: -one[0])
    return negotiate_locale([name for _, name in wanted], LANGUAGES) or _DEFAULT
