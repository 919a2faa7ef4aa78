"""A card of liveness evidence as a table."""

from __future__ import annotations

from regard.presentation.numbers import percent
from regard.presentation.tables import Header, Table, numbers
from regard.vision.liveness.card import LivenessCard

_SHOWN = (0.5, 1.0, 1.25)  # scores


def species_table(card: LivenessCard) -> Table:
    """The share of each species' presentations that reaches a score: APCER of attacks, 100 % − BPCER of
    people."""
    places = [card.scores.index(score) for score in _SHOWN]
    rows = [
        (
            one.name,
            "attack" if one.is_attack else "bona fide",
            f"{one.presentations:,}",
            *(percent(one.accepted[at] / one.presentations) for at in places),
        )
        for one in card.species
    ]
    shown = numbers("Presentations", *(f"accepted at {score:g}" for score in _SHOWN))
    return Table([Header("Species"), Header("Kind"), *shown], rows)
