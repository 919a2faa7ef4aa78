"""Which face of a photo is which face that is stored."""

from __future__ import annotations

import numpy as np
from tests.collections.made_models import BOTH

from regard.operations.administration.face_matching import same_faces, same_places
from regard.vision.geometry import Box


def test_boxes_are_paired_by_what_they_share() -> None:
    left, right = Box(0, 0, 0.4, 0.4), Box(0.5, 0, 0.4, 0.4)
    nearly = Box(0.02, 0, 0.4, 0.4)
    assert same_places([left, right], [right, nearly]) == {0: 1, 1: 0}
    assert same_places([left], [nearly, left]) == {0: 1}
    assert same_places([left, nearly], [left]) == {0: 0}
    assert same_places([left], [right]) == {}
    assert same_places([left], []) == {}


def test_faces_of_a_photo_that_was_saved_anew_are_paired_by_place_and_nearness() -> None:
    model = BOTH["2.0"]
    one, other = np.eye(2, model.dimension, dtype=np.float32)
    nearly = one + np.float32(0.1) * other
    here, there, whole = Box(0, 0, 0.4, 0.4), Box(0.5, 0, 0.4, 0.4), Box(0, 0, 1, 1)
    both = np.stack([other, nearly])
    assert same_faces([here], one[None], [here, here], both, model) == {0: 1}
    assert same_faces([here], one[None], [there, there], both, model) == {}
    assert same_faces([whole], one[None], [there, there], both, model) == {0: 1}
    assert same_faces([here], one[None], [here], other[None], model) == {}
    assert same_faces([here], one[None], [], both[:0], model) == {}
