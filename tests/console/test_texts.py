"""Every text of the console is there in every language."""

from __future__ import annotations

import re

import pytest

from regard.console.languages import LANGUAGES, choose_language, texts_of
from tests.console.texts import TRANSLATED, Message, messages, translations

_VALUES = re.compile(r"%\((\w+)\)")


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_lacks_a_translation(language: str) -> None:
    known = translations(language)
    keys = (message if isinstance(message, str) else message[0] for message in messages())
    missing = sorted({key for key in keys if key not in known})
    assert not missing, "python -m tests.console.texts NAME adds them to texts/LANGUAGE/NAME.po"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_no_values_but_those_of_its_text(language: str) -> None:
    wanted = {_first(message): set(_VALUES.findall(_last(message))) for message in messages()}
    for key, strings in translations(language).items():
        for string in strings:
            assert set(_VALUES.findall(string)) <= wanted[key], key


def _first(message: Message) -> str:
    return message if isinstance(message, str) else message[0]


def _last(message: Message) -> str:
    return message if isinstance(message, str) else message[-1]


def test_every_language_but_english_has_files() -> None:
    assert set(LANGUAGES) == {"en", *TRANSLATED}


def test_a_text_is_said_in_the_language() -> None:
    assert texts_of("de").gettext("Sign out") == "Abmelden"
    assert texts_of("en").gettext("Sign out") == "Sign out"


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "de-CH,de;q=0.9,en;q=0.5", "de"),
        (None, "nl, fr;q=0.5, en;q=0.1", "fr"),
        (None, "en;q=0.2, es;q=0.7", "es"),
        (None, "nl", "en"),
        (None, "", "en"),
        (None, "de;q=x, fr", "fr"),
        (None, "DE", "de"),
        (None, "fr ; q=0.3, ES-mx; q=0.8", "es"),
        ("es", "de", "es"),
        ("xx", "de", "de"),
    ],
)
def test_the_choice_comes_first_then_what_the_browser_accepts(
    chosen: str | None, accepted: str, language: str
) -> None:
    assert choose_language(chosen, accepted) == language
