"""What `regard serve` does at other services: it compares answers, and makes changes there, too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from regard.app import Parts
from regard.cli.printing import say
from regard.errors import RegardError
from regard.metering.prices import PriceList, chosen_price_list, find_price_list
from regard.migration.elsewhere import Elsewhere
from regard.migration.mirror.here import faces_here
from regard.migration.mirror.mirror import FOLDER, Mirror, open_journal
from regard.migration.mirror.spool import MirrorSpool
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
    prices: str | None = None
    """A price list by its name, or a file NAME.toml."""

    def __post_init__(self) -> None:
        """Raises RegardError."""
        if not 0 < self.options.share <= 1:
            raise RegardError("--shadow-share is a share of the requests: more than 0, and 1 at most.")


@dataclass(frozen=True, slots=True)
class MirrorChoice:
    """What the command line says of a mirror: its URL, and the credentials' profile."""

    url: str
    profile: str | None


@dataclass(frozen=True, slots=True)
class ElsewhereChoice:
    """A shadow, a mirror, or both."""

    shadow: ShadowChoice | None
    mirror: MirrorChoice | None


def open_elsewhere(parts: Parts, choice: ElsewhereChoice) -> Elsewhere:
    """Raises RegardError where pictures may not leave, or there are no credentials."""
    shadow = None if choice.shadow is None else open_shadow(parts, choice.shadow)
    return Elsewhere(shadow, None if choice.mirror is None else open_mirror(parts, choice.mirror))


def open_mirror(parts: Parts, choice: MirrorChoice) -> Mirror:
    """The same for a mirror alone."""
    spool = MirrorSpool(parts.settings.data / FOLDER)
    say(f"Changes are made at {choice.url}, too; {len(spool):,} wait.", on_stderr=True)

    def changes(name: str) -> bool:
        declared = parts.gate.declared(name)
        return declared is not None and declared.fills_collections

    service = ShadowService.connect(choice.url, choice.profile)
    here = faces_here(parts.stores.collections, parts.stores.gallery)
    journal = open_journal(parts.settings.data)
    return Mirror(service, _rules(parts), spool, journal, changes, here)


def open_shadow(parts: Parts, choice: ShadowChoice) -> Shadow:
    """Raises RegardError where pictures may not leave, or there are no credentials."""
    rules = _rules(parts)
    service = ShadowService.connect(choice.url, choice.profile)
    journal = ComparisonJournal(parts.settings.data)
    budget = ShadowBudget(price_list(choice.prices, service.aws_region), choice.budget, journal.spent())
    share = f"{100 * choice.options.share:g} % of what may leave"
    say(
        f"{share} is compared with {choice.url}; {budget.spent:.2f} of {budget.limit:.2f} {budget.currency} "
        "are spent.",
        on_stderr=True,
    )
    return Shadow(service, budget, rules, journal, parts.gate.declared, choice.options)


def price_list(named: str | None, aws_region: str | None) -> PriceList:
    """The list that was named, or else AWS's for a region, None for no region of AWS's. Raises RegardError
    where there is none.
    """
    chosen = None if named is None else chosen_price_list(named)
    if chosen is not None:
        return chosen
    known = find_price_list(PRICES)
    if aws_region not in (None, known.region):
        raise RegardError(
            f"There is no list of AWS's prices in {aws_region}, so that a budget would say nothing: give one "
            f"(--prices FILE.toml), or {PRICES} where the prices of {known.region} will do."
        )
    return known


def _rules(parts: Parts) -> LeavingRules:
    settings, stores = parts.settings, parts.stores
    local = set(parse_folders(settings.buckets))
    return LeavingRules(stores.collections, stores.privacy.faces, settings.site_purpose, local)
