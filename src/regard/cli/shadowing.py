"""A shadow of `regard serve`: some requests are asked at another service, too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from regard.app import Parts
from regard.cli.printing import say
from regard.errors import RegardError
from regard.metering.prices import find_price_list
from regard.migration.shadow.budget import ShadowBudget
from regard.migration.shadow.exchange import ShadowService
from regard.migration.shadow.journal import ComparisonJournal
from regard.migration.shadow.options import ShadowOptions
from regard.migration.shadow.rules import LeavingRules
from regard.migration.shadow.shadow import Shadow
from regard.storage.buckets.objects import parse_folders

PRICES = "aws-us-east-1-2026"


@dataclass(frozen=True, slots=True)
class ShadowChoice:
    """What the command line says of a shadow: its URL, the credentials' profile, and what may be spent."""

    url: str
    profile: str | None
    budget: Decimal
    options: ShadowOptions

    def __post_init__(self) -> None:
        """Raises RegardError."""
        if not 0 < self.options.share <= 1:
            raise RegardError("--shadow-share is a share of the requests: more than 0, and 1 at most.")


def open_shadow(parts: Parts, choice: ShadowChoice) -> Shadow:
    """Raises RegardError where pictures may not leave, or there are no credentials."""
    settings, stores = parts.settings, parts.stores
    rules = LeavingRules(
        stores.collections, stores.privacy.faces, settings.site_purpose, set(parse_folders(settings.buckets))
    )
    service = ShadowService.connect(choice.url, choice.profile)
    journal = ComparisonJournal(settings.data)
    budget = ShadowBudget(find_price_list(PRICES), choice.budget, journal.spent())
    share = f"{100 * choice.options.share:g} % of what may leave"
    say(
        f"{share} is compared with {choice.url}; {budget.spent:.2f} of {budget.limit:.2f} {budget.currency} "
        "are spent.",
        on_stderr=True,
    )
    return Shadow(service, budget, rules, journal, parts.gate.repeatable, choice.options)
