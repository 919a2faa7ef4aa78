"""Portraits of people who are followed: each track's best sight, and nobody else's."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image as Pillow

from regard.video.following.portraits import TrackPortrait, TrackPortraits
from regard.vision.image import Image
from tests.video.following.test_face_tracks import face

WIDTH, HEIGHT = 640, 480


def scene(grey: int) -> Image:
    return Image(np.full((HEIGHT, WIDTH, 3), grey, np.uint8), digest="")


def grey_of(portrait: TrackPortrait | None) -> int:
    assert portrait is not None
    return round(float(np.asarray(Pillow.open(io.BytesIO(portrait.picture)).convert("L"))[128, 128]))


def test_a_track_has_the_portrait_of_its_best_sight() -> None:
    portraits = TrackPortraits()
    for grey, yaw in ((50, 60), (100, 0), (200, 50)):
        portraits.see(7, face(yaw=yaw), scene(grey))
    assert abs(grey_of(portraits.pop(7)) - 100) <= 2


def test_a_track_that_is_over_leaves_nothing() -> None:
    portraits = TrackPortraits()
    portraits.see(1, face(), scene(50))
    portraits.pop(1)
    assert portraits.pop(1) is None
    assert portraits.state(lambda _, portrait: portrait) == []


def test_a_state_is_encrypted_and_goes_on_as_if_it_had_never_stopped() -> None:
    portraits = TrackPortraits()
    portraits.see(1, face(), scene(50))
    portraits.see(2, face(yaw=60), scene(80))
    state = json.loads(json.dumps(portraits.state(lambda number, portrait: b"%d" % number + portrait[::-1])))
    again = TrackPortraits.restore(state, lambda number, kept: kept.removeprefix(b"%d" % number)[::-1])
    for both in (portraits, again):
        both.see(2, face(), scene(120))
    assert [again.pop(number) for number in (1, 2)] == [portraits.pop(number) for number in (1, 2)]
