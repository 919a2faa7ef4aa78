"""What was found in a picture, as it travels from the machine that found it to the one that needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regard.vision.faces import Face
from regard.vision.faces.attributes import Attributes
from regard.vision.pixels import Floats


@dataclass(frozen=True, eq=False, slots=True)
class SentFindings:
    """Findings without their picture; plain values and arrays, for pickle.

    `kept`: by the method of `PictureFindings` that answers it. `attributes` of faces; `embeddings` (D,),
    float32, of faces, by the version of their face model; `appearances` (D,), float32, of persons, by their
    row. Faces are the same objects everywhere.
    """

    kept: Mapping[str, Any]
    attributes: Mapping[Face, Attributes] = field(default_factory=dict)
    embeddings: Mapping[str, Mapping[Face, Floats]] = field(default_factory=dict)
    appearances: Mapping[int, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class SentPicture:
    """What was found in an encoded picture whose bytes have the SHA-256 `digest`, hex, by who has decoded it
    to `width` × `height` px, upright. `encoded_size` is as in Image.
    """

    digest: str
    width: int
    height: int
    encoded_size: tuple[int, int] | None
    findings: SentFindings
