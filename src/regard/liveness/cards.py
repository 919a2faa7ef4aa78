"""Which card a server's Confidence rests on, by its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regard.errors import RegardError
from regard.settings import Settings
from regard.vision.liveness.card import LivenessCard, VoidCard, load_card
from regard.vision.liveness.recapture import NetworkUnfit, RecaptureAdapter
from regard.vision.liveness.recapture_description import read_adapter
from regard.vision.liveness.recapture_trial import try_network


@dataclass(frozen=True, slots=True)
class CardInForce:
    """`card`: None where the one that there is counts no more, so that light gives no evidence; `basis`: what
    Confidence rests on, a sentence or two. `adapter` is that of the site's own network against recaptures,
    None without one.
    """

    card: LivenessCard | None
    basis: str
    adapter: RecaptureAdapter | None = None


def card_in_force(settings: Settings) -> CardInForce:
    """The card of a site's own, else the one that comes with Regard. One of other evidence or of other
    parameters is none: Confidence is at most 40 then, and everything else goes on, since the audit log is
    needed to make a new card. Raises RegardError for a file that can't be read, or is no card or adapter.
    """
    file, adapter = settings.liveness_card, recapture_adapter(settings)
    try:
        card = load_card(file, recapture=None if adapter is None else adapter.moves)
    except VoidCard:
        own = (
            "The card that comes with Regard" if file is None else "The card that REGARD_LIVENESS_CARD names"
        )
        made = "bench" if file is None else "card"
        return CardInForce(
            None,
            f"{own} was measured by another version of the evidence, or with other parameters, and counts no "
            f"more: Confidence is at most 40. `regard liveness {made}` makes a new one.",
            adapter,
        )
    except OSError as error:
        raise RegardError(_unreadable(settings, f"can't be read: {error.strerror}.")) from error
    except ValueError as error:
        raise RegardError(_unreadable(settings, f"is no card. {error}")) from error
    return CardInForce(card, card.basis, adapter)


def recapture_adapter(settings: Settings) -> RecaptureAdapter | None:
    """The adapter that REGARD_LIVENESS_RECAPTURE describes, None without one. Raises RegardError for a file
    that can't be read, or describes none.
    """
    file = settings.liveness_recapture
    if file is None:
        return None
    try:
        return read_adapter(file)
    except OSError as error:
        reason = f"or the network that it names, can't be read: {error.strerror}."
    except ValueError as error:
        reason = f"describes no network against recaptures. {error}"
    raise RegardError(f"REGARD_LIVENESS_RECAPTURE, {file}, {reason}")


def try_recapture(settings: Settings) -> None:
    """Runs the network of REGARD_LIVENESS_RECAPTURE once, where there is one, before anybody's check does.
    Raises RegardError where it isn't as its description says.
    """
    adapter = recapture_adapter(settings)
    if adapter is None:
        return
    try:
        try_network(adapter)
    except NetworkUnfit as error:
        raise RegardError(
            f"REGARD_LIVENESS_RECAPTURE, {settings.liveness_recapture}, describes another network. {error}"
        ) from error


def recapture_network(settings: Settings) -> Path | None:
    """The file of that network, None without one. Raises RegardError as `recapture_adapter` does."""
    adapter = recapture_adapter(settings)
    return None if adapter is None else adapter.network


def _unreadable(settings: Settings, reason: str) -> str:
    if settings.liveness_card is None:
        return f"The card that comes with Regard {reason} Install Regard again."
    return (
        f"REGARD_LIVENESS_CARD, {settings.liveness_card}, {reason} `regard liveness card` makes one; without "
        "the setting Regard's own counts."
    )
