"""Persons in frames, on the real networks."""

from __future__ import annotations

import numpy as np
import pytest

from regard.video.following.tracks import Tracker
from regard.vision.labels.objects import COCO, ObjectDetector, letterboxed
from regard.vision.persons import FoundPersons, PersonEmbedder, count_colours, find_persons
from regard.vision.runner import Runner
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


def persons_in(frame: np.ndarray, runner: Runner) -> FoundPersons:
    return find_persons(ObjectDetector(runner).find(frame), frame.shape[1], frame.shape[0])


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    corner = np.maximum(one[:2], other[:2])
    shared = np.clip(np.minimum(one[2:], other[2:]) - corner, 0, None).prod()
    return float(shared / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared))


def test_boxes_are_told_in_pixels_of_a_wide_frame() -> None:
    network = CenterNet((128, 192, 256, 320, 0.8, PERSON))
    found = persons_in(np.full((512, 1024, 3), 200, np.uint8), network)
    assert found.boxes == pytest.approx(np.array([[256, 128, 512, 384]]))
    assert network.input[0, :127].max() == network.input[0, 385:].max() == 0  # bars, not stretching
    assert network.input[0, 130:380].min() == 200


def test_boxes_are_told_in_pixels_of_a_tall_frame_and_stay_inside() -> None:
    network = CenterNet((60, 128, 256, 520, 0.8, PERSON))
    found = persons_in(np.zeros((1024, 512, 3), np.uint8), network)
    assert found.boxes == pytest.approx(np.array([[0, 256, 256, 1024]]))


def test_unsure_persons_are_told_too_and_other_objects_are_not() -> None:
    network = CenterNet((100, 100, 200, 300, 0.8, PERSON), (300, 100, 400, 300, 0.2, PERSON),
                        (100, 350, 200, 400, 0.8, DOG))  # fmt: skip
    found = persons_in(np.zeros((512, 512, 3), np.uint8), network)
    assert len(found.boxes) == 2
    assert found.probabilities[0] > 0.9
    assert 0.08 <= found.probabilities[1] < 0.4


def test_two_who_cross_are_two() -> None:
    network = CenterNet((100, 100, 200, 300, 0.8, PERSON), (130, 100, 230, 300, 0.6, PERSON),
                        (105, 100, 205, 300, 0.5, PERSON))  # fmt: skip
    assert len(persons_in(np.zeros((512, 512, 3), np.uint8), network).boxes) == 2


def test_a_frame_is_made_square_without_a_change_of_shape() -> None:
    square, corner, size = letterboxed(np.full((100, 160, 3), 7, np.uint8))
    assert square.shape == (512, 512, 3)
    assert (corner.tolist(), size.tolist()) == ([0, 96], [512, 320])
    assert (square[96:416] == 7).all()
    assert square[:96].max() == square[416:].max() == 0


def test_people_in_a_wide_frame_are_found(sessions: SessionPool) -> None:
    frame = backdrop()
    true = [put(frame, person("astronaut", 300), 100, 240), put(frame, person("hopper", 300), 430, 240)]
    found = persons_in(frame, sessions)
    sure = found.boxes[found.probabilities >= 0.5]
    assert len(sure) == 2
    for box in np.array(true, np.float64):
        assert max(overlap(box, other) for other in sure) > 0.5


def test_nobody_is_found_in_gravel(sessions: SessionPool) -> None:
    assert persons_in(backdrop("gravel"), sessions).probabilities.max(initial=0) < 0.4


def test_embeddings_tell_people_apart_wherever_they_stand_and_however_lit(sessions: SessionPool) -> None:
    embedded = []
    for name, x, tall, light in (("grass", 60, 300, 1.0), ("brick", 500, 220, 0.7)):
        frame = backdrop(name)
        boxes = [
            put(frame, (person(who, tall) * light).astype(np.uint8), x + shift, 540 - tall)
            for who, shift in (("astronaut", 0), ("hopper", 300))
        ]
        embedded.append(PersonEmbedder(sessions).embed(frame, np.array(boxes, np.float64)))
    assert np.linalg.norm(np.concatenate(embedded), axis=1) == pytest.approx(1, abs=1e-5)
    alike = embedded[0] @ embedded[1].T
    assert min(alike[0, 0], alike[1, 1]) > max(alike[0, 1], alike[1, 0]) + 0.2


def test_embeddings_of_many_are_those_of_each_alone(sessions: SessionPool) -> None:
    frame, embedder = backdrop(), PersonEmbedder(sessions)
    boxes = np.array([[90 * n, 100, 90 * n + 90, 400] for n in range(6)], np.float64)
    together = embedder.embed(frame, boxes)
    assert together.shape == (6, embedder.dimension)
    assert together[4:5] == pytest.approx(embedder.embed(frame, boxes[4:5]), abs=1e-4)
    assert embedder.embed(frame, boxes[:0]).shape == (0, embedder.dimension)


def test_boxes_at_and_over_the_edge_have_embeddings(sessions: SessionPool) -> None:
    boxes = np.array([[-50, -50, 20, 40], [955, 535, 1000, 600], [2000, 2000, 2100, 2100]], np.float64)
    assert np.isfinite(PersonEmbedder(sessions).embed(backdrop(), boxes)).all()


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
    embedder, tracker = PersonEmbedder(sessions), Tracker()
    rows: dict[tuple[int, int], int] = {}
    boxes: dict[tuple[int, int], np.ndarray] = {}
    hidden = 0
    for number in range(26):
        frame = backdrop()
        put(frame, person("hopper", 280), 30, 260)
        put(frame, person("astronaut", 280), 280 + 22 * number, 240)
        put(frame, picture("gravel")[:400, :250].repeat(2, 0)[:540], 470, 0)
        found = persons_in(frame, sessions)
        hidden += not any(box[0] > 280 for box in found.boxes[found.probabilities > 0.4])
        ids = tracker.update(
            200 * number,
            found.boxes,
            found.probabilities,
            lambda rows, pixels=frame, boxes=found.boxes: embedder.embed(pixels, boxes[rows]),
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
