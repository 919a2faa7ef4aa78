"""A card of liveness evidence as a table."""

from __future__ import annotations

from regard.evaluation.liveness.species_rates import apcer_bound
from regard.presentation.numbers import percent
from regard.presentation.tables import Header, Table, numbers
from regard.vision.liveness.card import LivenessCard, SpeciesCounts

_SHOWN = (0.5, 0.75, 1.0, 1.25, 1.5)  # scores


def species_table(card: LivenessCard) -> Table:
    """How many of each species' presentations reach a score. Of attacks, that is APCER with the upper end of
    its 95 % interval; of people, 100 % - BPCER with the lower end. Last, the Confidence at that score."""
    places = [card.scores.index(score) for score in _SHOWN]
    rows = [
        (
            one.name,
            "attack" if one.is_attack else "bona fide",
            f"{one.presentations:,}",
            *(_reached(one, at) for at in places),
        )
        for one in sorted(card.species, key=lambda one: one.is_attack)
    ]
    rows.append(("Confidence", "", "", *(f"{card.confidence(score):.1f}" for score in _SHOWN)))
    shown = numbers("Presentations", *(f"reach {score:g}" for score in _SHOWN))
    return Table([Header("Species"), Header("Kind"), *shown], rows)


def _reached(one: SpeciesCounts, at: int) -> str:
    count = one.accepted[at]
    if one.is_attack:
        return f"{count} (\u2264 {percent(apcer_bound(count, one.presentations))})"
    return f"{count} (\u2265 {percent(1 - apcer_bound(one.presentations - count, one.presentations))})"
