"""What covers a head, a face and hands: linear heads on MobileNetV2's features of upright chips of them.

training/fit_protective.py makes the heads; their cards are beside them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.features import NETWORK, SIDE, load_feature_head, read_chip_features
from regard.vision.geometry import sigmoid
from regard.vision.pixels import Copies, Floats, Pixels
from regard.vision.protective.bare import load_bare_curves
from regard.vision.protective.parts import PartSquare
from regard.vision.protective.skin import skin_evidence
from regard.vision.runner import Runner

# The squares that are cut out: how many times a part's own square, and by how much of it they are raised.
_WHOLE, _CROWN, _FACE = (2.2, 0.3), (1.5, 0.5), (1.3, 0.0)
_FACE_SEEN = 0.5  # probability of a face whose colour is that of its person's hands


class Cover(Enum):
    FACE = "face cover"
    HEAD = "head cover"
    HAND = "hand cover"


@dataclass(frozen=True, slots=True)
class HeadProbabilities:
    """Of a head, each 0 to 1.

    `head`: that there is one, `helmet`: that it wears a rigid helmet; `face`: that its face is seen, covered
    or not, `mask`: that a mask or a cloth covers mouth or nose, `nose`: that it covers the nose; `bare_head`,
    `bare_face`: that no helmet and no mask is there, by a curve that takes few covered ones for bare.
    """

    head: float
    helmet: float
    face: float
    mask: float
    nose: float
    bare_head: float
    bare_face: float


@dataclass(frozen=True, slots=True)
class HandProbabilities:
    """Of a hand, each 0 to 1.

    `hand`: that there is one; `glove`: that it is in a glove; `bare`: that it isn't, by a curve that takes
    few gloved ones for bare. The latter two are 0 where no face tells the person's colour.
    """

    hand: float
    glove: float
    bare: float


@dataclass(frozen=True, eq=False, slots=True)
class GloveCurve:
    """`weights` (4,) of `glove_evidence` and 1."""

    weights: NDArray[np.float64]

    def probability(self, evidence: NDArray[np.float64]) -> float:
        """Of a glove, for evidence (3,)."""
        return float(sigmoid(np.array([evidence @ self.weights[:-1] + self.weights[-1]]))[0])


class EquipmentReader:
    """Safe to share by threads."""

    networks = (NETWORK,)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._head, self._face, self._hand = (
            load_feature_head("regard.vision.protective", name) for name in ("head", "face", "hand")
        )
        self._gloves = load_glove_curve()
        self._bare = load_bare_curves()

    def read(
        self, copies: Copies, heads: Sequence[PartSquare], hands: Sequence[tuple[int, PartSquare]]
    ) -> tuple[list[HeadProbabilities], list[HandProbabilities]]:
        """What is seen in the squares about heads and hands of one picture; beside a hand, whose it is: the
        place of that person's head in `heads`.
        """
        faces, held = face_chips(copies, heads), hand_chips(copies, [region for _, region in hands])
        chips = [*head_chips(copies, heads), faces, held]
        whole, crown, near, palm = np.split(
            read_chip_features(self._runner, np.concatenate(chips)), np.arange(1, 4) * len(heads)
        )
        heads_seen = self._head.probabilities(head_features(whole, crown)).tolist()
        faces_seen = self._face.probabilities(near).tolist()
        found = [
            HeadProbabilities(
                head,
                helmet,
                face,
                mask,
                nose,
                bare_head=self._bare["helmet"].probability(helmet, region.side),
                bare_face=self._bare["mask"].probability(mask, region.side),
            )
            for region, (head, helmet), (face, mask, nose) in zip(heads, heads_seen, faces_seen, strict=True)
        ]
        seen = []
        for (owner, region), features, chip in zip(hands, palm, held, strict=True):
            own_face = faces[owner] if found[owner].face >= _FACE_SEEN else None
            seen.append(self._hand_probabilities(features, own_face, chip, region.side))
        return found, seen

    def _hand_probabilities(
        self, features: Floats, face: Pixels | None, chip: Pixels, side: float
    ) -> HandProbabilities:
        """`face` and `chip` are of the hand's person and of the hand, `side` px its square's."""
        hand, likeness = self._hand.probabilities(features[None])[0].tolist()
        if face is None:
            return HandProbabilities(hand, 0.0, 0.0)
        glove = self._gloves.probability(glove_evidence(face, chip, likeness))
        return HandProbabilities(hand, glove, self._bare["glove"].probability(glove, side))


def glove_evidence(face: Pixels, chip: Pixels, likeness: float) -> NDArray[np.float64]:
    """(3,): how much of a hand has the colour of its person's face, and how much that of skin; the log-odds
    of `likeness`, the probability that it is in a glove.
    """
    likeness = min(max(likeness, 1e-6), 1 - 1e-6)
    return np.append(skin_evidence(face, chip), np.log(likeness / (1 - likeness)))


def load_glove_curve() -> GloveCurve:
    facts = json.loads(files("regard.vision.protective").joinpath("glove.json").read_text("utf-8"))
    return GloveCurve(np.array(facts["weights"]))


def head_features(whole: Floats, crown: Floats) -> Floats:
    """(N, 2560) of the features of both of `head_chips`."""
    return np.concatenate([whole, crown], 1)


def head_chips(copies: Copies, heads: Sequence[PartSquare]) -> tuple[Pixels, Pixels]:
    """(N, SIDE, SIDE, 3) twice: heads with all they wear, and what is above the eyes."""
    return _cut(copies, heads, *_WHOLE), _cut(copies, heads, *_CROWN)


def face_chips(copies: Copies, heads: Sequence[PartSquare]) -> Pixels:
    """(N, SIDE, SIDE, 3): faces alone."""
    return _cut(copies, heads, *_FACE)


def hand_chips(copies: Copies, hands: Sequence[PartSquare]) -> Pixels:
    """(N, SIDE, SIDE, 3): hands, fingers up."""
    return _cut(copies, hands, 1.0, 0.0)


def _cut(copies: Copies, regions: Sequence[PartSquare], scale: float, lift: float) -> Pixels:
    if not regions:
        return np.zeros((0, SIDE, SIDE, 3), np.uint8)
    return copies.cut(np.array([region.map(SIDE, scale=scale, lift=lift) for region in regions]), SIDE)
