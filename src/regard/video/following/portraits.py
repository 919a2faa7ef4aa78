"""Portraits of people who are followed, so that others can see by which face somebody was found."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from regard.video.following.face_tracks import quality_of
from regard.vision.faces.face import Face, Quality
from regard.vision.image import Image
from regard.vision.portraits import cut_portrait

Cipher = Callable[[int, bytes], bytes]
"""Encrypts, or decrypts, the portrait of a track."""

_BETTER = 1.1  # how much better a sight has to be to take the portrait's place: cutting one out costs


@dataclass(frozen=True, slots=True)
class TrackPortrait:
    """The face of a track's best sight, cut out: a JPEG; `quality` is how well it was lit and focused."""

    picture: bytes = field(repr=False)
    quality: Quality


class TrackPortraits:
    """Of each track the face of its best sight so far, cut out."""

    def __init__(self) -> None:
        self._best: dict[int, tuple[float, TrackPortrait]] = {}  # by track: what the sight is worth, 0 to 1

    def see(self, number: int, face: Face, image: Image) -> None:
        """A face of the track in a picture, in whose pixels its box is."""
        worth = quality_of(face)
        before = self._best.get(number)
        if before is None or worth > _BETTER * before[0]:
            self._best[number] = worth, TrackPortrait(cut_portrait(image, face.box), face.quality)

    def pop(self, number: int) -> TrackPortrait | None:
        """The portrait of a track that is over, which isn't kept any longer; None where there is none."""
        found = self._best.pop(number, None)
        return None if found is None else found[1]

    def state(self, encrypt: Cipher) -> list[list[Any]]:
        """All it knows, for JSON."""
        return [
            [number, worth, *_quality(one), base64.b64encode(encrypt(number, one.picture)).decode()]
            for number, (worth, one) in self._best.items()
        ]

    @classmethod
    def restore(cls, state: Iterable[Sequence[Any]], decrypt: Cipher) -> TrackPortraits:
        """From what `state` gave. Raises what `decrypt` raises."""
        portraits = cls()
        for number, worth, brightness, sharpness, text in state:
            picture = decrypt(int(number), base64.b64decode(text))
            quality = Quality(float(brightness), float(sharpness))
            portraits._best[int(number)] = float(worth), TrackPortrait(picture, quality)
        return portraits


def _quality(portrait: TrackPortrait) -> tuple[float, float]:
    return portrait.quality.brightness, portrait.quality.sharpness
