"""Which card a server's Confidence rests on, by its settings."""

from __future__ import annotations

from dataclasses import dataclass

from regard.errors import RegardError
from regard.settings import Settings
from regard.vision.liveness.card import LivenessCard, VoidCard, load_card


@dataclass(frozen=True, slots=True)
class CardInForce:
    """`card`: None where the one that there is counts no more, so that light gives no evidence; `basis`: what
    Confidence rests on, a sentence or two.
    """

    card: LivenessCard | None
    basis: str


def card_in_force(settings: Settings) -> CardInForce:
    """The card of a site's own, else the one that comes with Regard. One of other evidence or of other
    parameters is none: Confidence is at most 40 then, and everything else goes on, since the audit log is
    needed to make a new card. Raises RegardError for a file that can't be read, or is no card.
    """
    file = settings.liveness_card
    try:
        card = load_card(file)
    except VoidCard:
        own = (
            "The card that comes with Regard" if file is None else "The card that REGARD_LIVENESS_CARD names"
        )
        made = "bench" if file is None else "card"
        return CardInForce(
            None,
            f"{own} was measured by another version of the evidence, or with other parameters, and counts no "
            f"more: Confidence is at most 40. `regard liveness {made}` makes a new one.",
        )
    except OSError as error:
        raise RegardError(_unreadable(settings, f"can't be read: {error.strerror}.")) from error
    except ValueError as error:
        raise RegardError(_unreadable(settings, f"is no card. {error}")) from error
    return CardInForce(card, card.basis)


def _unreadable(settings: Settings, reason: str) -> str:
    if settings.liveness_card is None:
        return f"The card that comes with Regard {reason} Install Regard again."
    return (
        f"REGARD_LIVENESS_CARD, {settings.liveness_card}, {reason} `regard liveness card` makes one; without "
        "the setting Regard's own counts."
    )
