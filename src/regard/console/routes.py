"""Every page of the console, in the order of the navigation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.console.page import Page
from regard.console.pages import cases, feedback, home, languages, notices, receipts, review, transparency

PUBLIC_PAGES: Final[Sequence[Page]] = (
    *languages.PAGES,
    *notices.PAGES,
    *transparency.PAGES,
    *feedback.PAGES,
    *receipts.PAGES,
)
"""What anybody may open."""

PAGES: Final[Sequence[Page]] = (
    *home.PAGES,
    *cases.PAGES,
    *review.PAGES,
    *PUBLIC_PAGES,
)
