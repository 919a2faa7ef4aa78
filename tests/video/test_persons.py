"""Persons in frames, on the real networks."""

from __future__ import annotations

import numpy as np
import pytest

from regard.video.persons import PersonLooks, ThingDetector, count_colours
from regard.video.tracks import Tracker
from regard.vision.labels.objects import COCO, letterboxed
from regard.vision.session import SessionPool
from tests.video.conftest import backdrop, person, picture, put


class CenterNet:
    """Answers with these detections (left, top, right, bottom in 512 px, score, class)."""

    def __init__(self, *rows: tuple[float, ...]) -> None:
        self.rows = np.zeros((100, 6), np.float32)
        self.rows[: len(rows)] = rows
        self.input = np.zeros(0)

    def run(self, name: str, feeds: dict) -> list[np.ndarray]:
        self.input = feeds["input"]
        return [self.rows[None]]


PERSON, DOG = COCO.index("person"), COCO.index("dog")


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    corner = np.maximum(one[:2], other[:2])
    shared = np.clip(np.minimum(one[2:], other[2:]) - corner, 0, None).prod()
    return float(shared / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared))


def test_boxes_are_told_in_pixels_of_a_wide_frame() -> None:
    network = CenterNet((128, 192, 256, 320, 0.8, PERSON))
    found = ThingDetector(network).detect(np.full((512, 1024, 3), 200, np.uint8)).persons()
    assert found.boxes == pytest.approx(np.array([[256, 128, 512, 384]]))
    assert network.input[0, :127].max() == network.input[0, 385:].max() == 0  # bars, not stretching
    assert network.input[0, 130:380].min() == 200


def test_boxes_are_told_in_pixels_of_a_tall_frame_and_stay_inside() -> None:
    network = CenterNet((60, 128, 256, 520, 0.8, PERSON))
    found = ThingDetector(network).detect(np.zeros((1024, 512, 3), np.uint8)).persons()
    assert found.boxes == pytest.approx(np.array([[0, 256, 256, 1024]]))


def test_unsure_persons_are_told_too_and_other_things_are_not() -> None:
    network = CenterNet((100, 100, 200, 300, 0.8, PERSON), (300, 100, 400, 300, 0.2, PERSON),
                        (100, 350, 200, 400, 0.8, DOG))  # fmt: skip
    found = ThingDetector(network).detect(np.zeros((512, 512, 3), np.uint8)).persons()
    assert len(found.boxes) == 2
    assert found.chances[0] > 0.9
    assert 0.08 <= found.chances[1] < 0.4


def test_two_who_cross_are_two() -> None:
    network = CenterNet((100, 100, 200, 300, 0.8, PERSON), (130, 100, 230, 300, 0.6, PERSON),
                        (105, 100, 205, 300, 0.5, PERSON))  # fmt: skip
    assert len(ThingDetector(network).detect(np.zeros((512, 512, 3), np.uint8)).persons().boxes) == 2


def test_a_frame_is_made_square_without_a_change_of_shape() -> None:
    square, corner, size = letterboxed(np.full((100, 160, 3), 7, np.uint8))
    assert square.shape == (512, 512, 3)
    assert (corner.tolist(), size.tolist()) == ([0, 96], [512, 320])
    assert (square[96:416] == 7).all()
    assert square[:96].max() == square[416:].max() == 0


def test_people_in_a_wide_frame_are_found(sessions: SessionPool) -> None:
    frame = backdrop()
    true = [put(frame, person("astronaut", 300), 100, 240), put(frame, person("hopper", 300), 430, 240)]
    found = ThingDetector(sessions).detect(frame).persons()
    sure = found.boxes[found.chances >= 0.5]
    assert len(sure) == 2
    for box in np.array(true, np.float64):
        assert max(overlap(box, other) for other in sure) > 0.5


def test_nobody_is_found_in_gravel(sessions: SessionPool) -> None:
    assert ThingDetector(sessions).detect(backdrop("gravel")).persons().chances.max(initial=0) < 0.4


def test_looks_tell_people_apart_wherever_they_stand_and_however_lit(sessions: SessionPool) -> None:
    looks = []
    for name, x, tall, light in (("grass", 60, 300, 1.0), ("brick", 500, 220, 0.7)):
        frame = backdrop(name)
        boxes = [
            put(frame, (person(who, tall) * light).astype(np.uint8), x + shift, 540 - tall)
            for who, shift in (("astronaut", 0), ("hopper", 300))
        ]
        looks.append(PersonLooks(sessions).look(frame, np.array(boxes, np.float64)))
    assert np.linalg.norm(np.concatenate(looks), axis=1) == pytest.approx(1, abs=1e-5)
    alike = looks[0] @ looks[1].T
    assert min(alike[0, 0], alike[1, 1]) > max(alike[0, 1], alike[1, 0]) + 0.2


def test_many_looks_are_those_of_each_alone(sessions: SessionPool) -> None:
    frame, looks = backdrop(), PersonLooks(sessions)
    boxes = np.array([[90 * n, 100, 90 * n + 90, 400] for n in range(6)], np.float64)
    together = looks.look(frame, boxes)
    assert together.shape == (6, looks.dimension)
    assert together[4:5] == pytest.approx(looks.look(frame, boxes[4:5]), abs=1e-4)
    assert looks.look(frame, boxes[:0]).shape == (0, looks.dimension)


def test_boxes_at_and_over_the_edge_have_looks(sessions: SessionPool) -> None:
    boxes = np.array([[-50, -50, 20, 40], [955, 535, 1000, 600], [2000, 2000, 2100, 2100]], np.float64)
    assert np.isfinite(PersonLooks(sessions).look(backdrop(), boxes)).all()


def test_colours_in_the_middle_count_most() -> None:
    def crop(middle: int, side: int) -> np.ndarray:
        pixels = np.zeros((96, 48, 3), np.uint8)
        pixels[..., 0] = side
        pixels[:, 12:36] = (0, middle, 0)
        return pixels

    same = float(count_colours(crop(200, 200)) @ count_colours(crop(200, 60)))
    other = float(count_colours(crop(200, 200)) @ count_colours(crop(60, 200)))
    assert same > other


def test_a_walk_behind_a_pillar_is_one_track(sessions: SessionPool) -> None:
    detector, looks, tracker = ThingDetector(sessions), PersonLooks(sessions), Tracker()
    rows: dict[tuple[int, int], int] = {}
    boxes: dict[tuple[int, int], np.ndarray] = {}
    hidden = 0
    for number in range(26):
        frame = backdrop()
        put(frame, person("hopper", 280), 30, 260)
        put(frame, person("astronaut", 280), 280 + 22 * number, 240)
        put(frame, picture("gravel")[:400, :250].repeat(2, 0)[:540], 470, 0)
        found = detector.detect(frame).persons()
        hidden += not any(box[0] > 280 for box in found.boxes[found.chances > 0.4])
        ids = tracker.update(
            200 * number, found.boxes, found.chances, lambda r, f=frame, b=found.boxes: looks.look(f, b[r])
        )
        for row, number_ in enumerate(ids.tolist()):
            rows[200 * number, row], boxes[200 * number, row] = number_, found.boxes[row]
        for one in tracker.named:
            rows[one.timestamp, one.row] = one.id
    walker = [number for key, number in rows.items() if boxes[key][0] > 250 and number >= 0]
    still = [number for key, number in rows.items() if boxes[key][0] <= 250 and number >= 0]
    assert hidden > 0
    assert len(set(walker)) == len(set(still)) == 1
    assert walker[0] != still[0]
    assert len(still) > 20
