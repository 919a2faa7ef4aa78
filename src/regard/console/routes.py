"""Every page of the console, in the order of the navigation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.console.page import Page
from regard.console.pages import (
    audit,
    authorizations,
    camera_notices,
    cameras,
    cases,
    consents,
    erasures,
    feedback,
    galleries,
    holds,
    home,
    jobs,
    keys,
    languages,
    notices,
    people,
    privacy,
    query,
    receipts,
    reports,
    review,
    reviews,
    settings,
    transparency,
    trying,
    usage,
)

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
    *authorizations.PAGES,
    *query.PAGES,
    *reviews.PAGES,
    *galleries.PAGES,
    *jobs.PAGES,
    *trying.PAGES,
    *people.PAGES,
    *keys.PAGES,
    *usage.PAGES,
    *audit.PAGES,
    *reports.PAGES,
    *settings.PAGES,
    *cameras.PAGES,
    *privacy.PAGES,
    *consents.PAGES,
    *erasures.PAGES,
    *holds.PAGES,
    *camera_notices.PAGES,
    *PUBLIC_PAGES,
)
