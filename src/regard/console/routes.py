"""Every page of the console, in the order of the navigation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.console.page import Page
from regard.console.pages import cases, home, languages

PAGES: Final[Sequence[Page]] = (
    *home.PAGES,
    *cases.PAGES,
    *languages.PAGES,
)
