"""What was measured of the evidence: how often attacks of each species reach a score, and real people do not.

Words of ISO/IEC 30107-3: an attack presentation is an attempt by an artefact; APCER is the share of a
species' attack presentations that are accepted; BPCER is the share of bona fide ones that are not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from regard.vision.liveness.parameters import parameters_digest
from regard.vision.liveness.scoring import VERSION

SIMULATED_LIMIT = 90.0
"""The highest Confidence while a card rests on rendered presentations."""
_FILE = "card.json"


class VoidCard(ValueError):
    """A card that was measured by other evidence, or with other parameters: it says nothing of a score."""


@dataclass(frozen=True, slots=True)
class SpeciesCounts:
    """Presentations of one species: `presentations` in all, and `accepted[i]` of them that reach the card's
    i-th score."""

    name: str
    is_attack: bool
    presentations: int
    accepted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LivenessCard:
    """`scores` rise. `apcer_bounds[i]`: the upper 95 % bound of the worst attack species' APCER at the i-th
    score, 0 to 1. `is_simulated`: whether the presentations were rendered. `data`: on what it was measured, a
    noun phrase that ends in a full stop. `version`: of what a score means; `parameters`: digest of the
    numbers by which it comes about."""

    data: str
    is_simulated: bool
    scores: tuple[float, ...]
    apcer_bounds: tuple[float, ...]
    species: tuple[SpeciesCounts, ...]
    version: int = VERSION
    parameters: str = field(default_factory=parameters_digest)

    @property
    def basis(self) -> str:
        """What a Confidence above 40 rests on, for whoever reads one."""
        if not self.is_simulated:
            return f"Confidence above 40 rests on {self.data}"
        return (
            f"Confidence above 40 rests on {self.data} It is a simulation, by which Confidence is at most "
            f"{SIMULATED_LIMIT:.0f}; no laboratory has tested it."
        )

    def confidence(self, score: float) -> float:
        """0 to 100: by how much the APCER of every species that was measured stays under 100 %, of an attempt
        with this score."""
        pairs = zip(self.scores, self.apcer_bounds, strict=True)
        best = 100 * max((1 - bound for reached, bound in pairs if score >= reached), default=0.0)
        return min(best, SIMULATED_LIMIT) if self.is_simulated else best

    def to_json(self) -> str:
        """As it is kept in a file."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str, *, recapture: str | None = None) -> Self:
        """What `to_json` gave. `recapture` as in `score_parameters`. Raises ValueError for what is no card,
        VoidCard for one of other evidence."""
        try:
            kept: Mapping[str, Any] = json.loads(text)
            species = tuple(
                SpeciesCounts(one["name"], one["is_attack"], one["presentations"], tuple(one["accepted"]))
                for one in kept["species"]
            )
            scores, bounds = _numbers(kept["scores"]), _numbers(kept["apcer_bounds"])
            measured = kept["data"], bool(kept["is_simulated"]), scores, bounds, species
            card = cls(*measured, kept["version"], kept["parameters"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("The file is no card of liveness evidence.") from error
        if (card.version, card.parameters) != (VERSION, parameters_digest(recapture)):
            raise VoidCard("The card is of another version of Regard's evidence: measure it anew.")
        if len({len(scores), len(bounds), *(len(one.accepted) for one in species)}) != 1:
            raise ValueError("The file is no card of liveness evidence: its columns differ in length.")
        return card


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    """Raises TypeError or ValueError for what are none."""
    return tuple(float(value) for value in values)


def load_card(file: Path | None = None, *, recapture: str | None = None) -> LivenessCard:
    """A site's own card, else the one that comes with Regard, of rendered presentations. `recapture` as in
    `score_parameters`. Raises ValueError for a file that is no card, VoidCard among them."""
    shipped = files("regard.vision.liveness").joinpath(_FILE)
    text = shipped.read_text("utf-8") if file is None else file.read_text("utf-8")
    return LivenessCard.from_json(text, recapture=recapture)
