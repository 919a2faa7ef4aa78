"""The motion gate, and which samples are still."""

from __future__ import annotations

import gc
from functools import partial

import av
import cv2
import numpy as np

from regard.video.live.clock import LiveClock, Stamp
from regard.video.live.feeds import TimedPicture, decoded
from regard.video.live.motion import MotionGate
from regard.video.live.samples import LiveSample
from regard.video.live.sampling import Sampler
from tests.video.drawn import scene

_WIDTH, _HEIGHT = 1280, 720
_GROUND = cv2.resize(cv2.cvtColor(scene(3), cv2.COLOR_RGB2GRAY), (320, 180))


def _noisy(number: int, sigma: float = 4.0) -> np.ndarray:
    """As a sensor sees the scene: with noise of `sigma` grey levels."""
    noise = np.random.default_rng(number).normal(0, sigma, _GROUND.shape)
    return np.clip(_GROUND + noise, 0, 255).astype(np.uint8)


def _seen(gate: MotionGate, pictures: list[np.ndarray]) -> list[object]:
    return [gate.observe(250 * n, one, _WIDTH, _HEIGHT) for n, one in enumerate(pictures)]


def test_noise_is_no_motion() -> None:
    seen = _seen(MotionGate(), [_noisy(n) for n in range(12)])
    assert seen[:3] == [None] * 3  # there is nothing yet to compare with
    assert seen[3:] == [()] * 9


def test_somebody_who_comes_is_a_box_and_who_left_is_none() -> None:
    pictures = [_noisy(n) for n in range(12)]
    for number in (5, 6):
        cv2.rectangle(pictures[number], (160, 60), (180, 120), 255, -1)
    seen = _seen(MotionGate(), pictures)
    boxes = seen[5]
    assert isinstance(boxes, tuple)
    assert len(boxes) == 1
    assert boxes[0].left <= 4 * 160
    assert boxes[0].right >= 4 * 180
    assert boxes[0].width < 300
    assert seen[11] == ()


def test_light_that_changes_is_no_motion_but_a_reason_to_examine_all() -> None:
    seen = _seen(
        MotionGate(),
        [_noisy(n) for n in range(6)] + [np.clip(_noisy(6).astype(int) + 40, 0, 255).astype(np.uint8)],
    )
    assert seen[5] == ()
    assert seen[6] is None


def _sampled(luma: list[np.ndarray], *, rate: float = 4.0) -> list[LiveSample]:
    """What is given of pictures at 4 a second, each of which is taken."""
    sampler, given = Sampler(LiveClock(bursts=False), rate=rate, bursts=False), []
    for number, one in enumerate(luma):
        frame = av.VideoFrame.from_ndarray(one, format="gray")
        sampler.add(decoded(frame, Stamp(number / 4, number / 4, 100 + number / 4, is_key=number == 0)))
        if (sample := sampler.take(0)) is not None:
            given.append(sample)
    return given


def test_a_still_scene_is_examined_every_ten_seconds() -> None:
    found = _sampled([_noisy(n) for n in range(100)])
    whole = [one.at for one in found if one.moved is None]
    assert np.diff(whole[2:]).tolist() == [10_000, 10_000]
    assert all(one.is_still == (one.moved is not None) for one in found)


def test_where_it_moved_is_examined_for_two_seconds() -> None:
    pictures = [_noisy(n) for n in range(24)]
    cv2.rectangle(pictures[6], (160, 60), (180, 120), 255, -1)
    found = _sampled(pictures)
    moving = [not one.is_still for one in found]
    assert moving[6:18] == [True] * 12  # the picture is compared with those up to ¾ s before
    assert moving[19:] == [False] * 5
    assert found[15].moved


def test_motion_in_a_sample_that_nobody_took_is_not_lost() -> None:
    sampler = Sampler(LiveClock(bursts=False), rate=4, bursts=False)
    pictures = [_noisy(n) for n in range(9)]
    cv2.rectangle(pictures[6], (160, 60), (180, 120), 255, -1)
    for number, one in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(one, format="gray")
        sampler.add(decoded(frame, Stamp(number / 4, number / 4, 100 + number / 4)))
        if number == 5:
            sampler.take(0)
    found = sampler.take(0)
    assert found is not None
    assert found.at == 102_000
    assert not found.is_still


def test_a_burst_is_kept_for_five_seconds_and_the_oldest_is_dropped() -> None:
    sampler = Sampler(LiveClock(bursts=True), rate=4, bursts=True)
    for number in range(200):
        frame = av.VideoFrame.from_ndarray(_GROUND, format="gray")
        sampler.add(decoded(frame, Stamp(number / 25, 0.0, 100.0)))
    times = []
    while (sample := sampler.take(0)) is not None:
        times.append(sample.at)
    assert 4500 <= times[-1] - times[0] <= 5000
    assert len(times) in (19, 20, 21)


def test_pictures_that_were_taken_are_not_kept() -> None:
    """Nor wait for a garbage collection: each has megabytes, and few objects that would bring one about."""
    gc.collect()
    gc.disable()
    try:
        _sampled([_GROUND] * 40)
        assert sum(isinstance(one, av.VideoFrame) for one in gc.get_objects()) < 5
    finally:
        gc.enable()


def test_a_picture_that_is_no_sample_is_not_decoded() -> None:
    sampler = Sampler(LiveClock(bursts=False), rate=5, bursts=False)
    asked = []

    def decode(number: int) -> av.VideoFrame:
        asked.append(number)
        return av.VideoFrame.from_ndarray(_GROUND, format="gray")

    for number in range(50):
        sampler.add(TimedPicture(partial(decode, number), Stamp(number / 25, number / 25, 100 + number / 25)))
    assert asked == list(range(0, 50, 5))


def test_the_next_picture_is_the_sample_where_one_was_damaged() -> None:
    sampler = Sampler(LiveClock(bursts=True), rate=5, bursts=True)
    frame = av.VideoFrame.from_ndarray(_GROUND, format="gray")
    for number in range(11):
        decode = (lambda: None) if number == 5 else (lambda: frame)
        sampler.add(TimedPicture(decode, Stamp(number / 25, number / 25, 100 + number / 25)))
    times = []
    while (sample := sampler.take(0)) is not None:
        times.append(sample.at - 100_000)
    assert times == [0, 240, 400]
