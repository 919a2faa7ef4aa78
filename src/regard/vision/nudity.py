"""How explicit a picture is as a whole, and what the parts of the body in it amount to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from regard.vision.body_parts import BodyPart, BodyPartDetector, Part
from regard.vision.explicit import ExplicitClassifier
from regard.vision.faces import Face
from regard.vision.geometry import Box, corners, share_covered
from regard.vision.image import Image

# Scores that read as 50 %, of a picture as a whole and of what its parts amount to: see docs/moderation.md.
EVEN_EXPLICIT = 0.7
EVEN_SCORE = 0.4
EVEN_SWIMWEAR = 0.33
EVEN_DOUBTED = 0.6  # of an explicit part in a picture that as a whole has a score below HARMLESS
HARMLESS = 0.05

# A tight portrait fills the picture, and the network takes it for what its training never showed so close.
_MISTAKEN = {
    Part.FEMALE_GENITALIA_EXPOSED,
    Part.BUTTOCKS_EXPOSED,
    Part.FEMALE_BREAST_EXPOSED,
    Part.ANUS_EXPOSED,
}
_FACE_CONFIDENCE = 90.0  # percent
_FACE_SHARE = 0.4  # of the part's box

# How far below and above a bare belly swimwear may begin, in heights of the belly.
_REACH = 1.0


class NudityKind(Enum):
    """What can be found in a picture; `EXPLICIT` is said of it as a whole."""

    EXPLICIT = "explicit"
    MALE_GENITALIA = "male genitalia"
    FEMALE_GENITALIA = "female genitalia"
    BUTTOCKS_OR_ANUS = "buttocks or anus"
    FEMALE_BREAST = "female breast"
    MALE_BREAST = "male breast"
    FEMALE_SWIMWEAR = "female swimwear or underwear"


_BARE: Mapping[Part, NudityKind] = {
    Part.MALE_GENITALIA_EXPOSED: NudityKind.MALE_GENITALIA,
    Part.FEMALE_GENITALIA_EXPOSED: NudityKind.FEMALE_GENITALIA,
    Part.BUTTOCKS_EXPOSED: NudityKind.BUTTOCKS_OR_ANUS,
    Part.ANUS_EXPOSED: NudityKind.BUTTOCKS_OR_ANUS,
    Part.FEMALE_BREAST_EXPOSED: NudityKind.FEMALE_BREAST,
    Part.MALE_BREAST_EXPOSED: NudityKind.MALE_BREAST,
}
_EXPLICIT = frozenset(_BARE.values()) - {NudityKind.MALE_BREAST}
# Jeans and pullovers are covered parts, too: they are swimwear only about a bare belly.
_WORN = {Part.FEMALE_GENITALIA_COVERED, Part.FEMALE_BREAST_COVERED}


@dataclass(frozen=True, slots=True)
class NudityFinding:
    """One finding: `confidence` in percent, `box` in pixels of the upright picture."""

    kind: NudityKind
    confidence: float
    box: Box


class NudityDetector:
    """Tells how explicit a picture is as a whole; where the network for parts of the body is installed, it
    finds them too. Safe to share by threads.
    """

    networks = (*ExplicitClassifier.networks, *BodyPartDetector.networks)

    def __init__(self, explicit: ExplicitClassifier, parts: BodyPartDetector) -> None:
        self._explicit = explicit
        self._parts = parts

    def finds_parts(self) -> bool:
        """Whether the network for parts is installed. Raises what the runner raises where it is damaged."""
        return self._parts.is_installed()

    @property
    def digest(self) -> str:
        """SHA-256 of the digests of the networks that are installed, hex: what corrects the answers of some
        is worth nothing for those of others.
        """
        digests = [self._explicit.digest, *([self._parts.digest] if self.finds_parts() else [])]
        return hashlib.sha256("".join(digests).encode("ascii")).hexdigest()

    def detect(self, image: Image, find_faces: Callable[[], Sequence[Face]]) -> list[NudityFinding]:
        """What is found, the surest first.

        `find_faces` gives the picture's faces; it is called only where one might have been mistaken. Raises
        what the runner raises where the network for parts is there and damaged.
        """
        score, whole = self._explicit.score(image), Box(0, 0, image.width, image.height)
        found = [NudityFinding(NudityKind.EXPLICIT, percent(score, EVEN_EXPLICIT), whole)]
        if self.finds_parts():
            parts = self._parts.detect(image)
            if any(part.part in _MISTAKEN for part in parts):
                parts = without_faces(parts, find_faces())
            found += findings(parts, doubted=score < HARMLESS)
        return sorted(found, key=lambda one: -one.confidence)


def without_faces(parts: Sequence[BodyPart], faces: Sequence[Face]) -> list[BodyPart]:
    """The parts but those that are a face: a sure one covers 40 % of their box."""
    known = corners([face.box for face in faces if face.confidence >= _FACE_CONFIDENCE])
    boxes = corners([part.box for part in parts])
    shares = share_covered(boxes, by=known).max(1, initial=0)
    return [
        part
        for part, share in zip(parts, shares.tolist(), strict=True)
        if part.part not in _MISTAKEN or share < _FACE_SHARE
    ]


def findings(parts: Sequence[BodyPart], *, doubted: bool = False) -> list[NudityFinding]:
    """Bare parts, and swimwear: a covered part close to a bare belly, as sure as both together.

    In a picture that is `doubted`, since it is harmless as a whole, explicit parts take a higher score.
    """
    found = []
    for part in parts:
        if part.part in _BARE:
            kind = _BARE[part.part]
            even = EVEN_DOUBTED if doubted and kind in _EXPLICIT else EVEN_SCORE
            found.append(NudityFinding(kind, percent(part.score, even), part.box))
    bellies = [part for part in parts if part.part is Part.BELLY_EXPOSED]
    for worn in parts:
        near = [belly.score for belly in bellies if worn.part in _WORN and _adjoins(worn.box, belly.box)]
        if near:
            score = float(np.sqrt(worn.score * max(near)))
            found.append(NudityFinding(NudityKind.FEMALE_SWIMWEAR, percent(score, EVEN_SWIMWEAR), worn.box))
    return sorted(found, key=lambda one: -one.confidence)


def percent(score: float, even: float) -> float:
    """Confidence, 0 to 100: the score, 0 to 1, with its odds against those of `even`."""
    score = min(max(score, 1e-6), 1 - 1e-6)
    odds = score / (1 - score) * (1 - even) / even
    return 100 * odds / (1 + odds)


def _adjoins(worn: Box, belly: Box) -> bool:
    """Whether a covered part lies over, or right above or below, a belly."""
    reach = _REACH * belly.height
    return worn.touches(Box(belly.left, belly.top - reach, belly.width, belly.height + 2 * reach))
