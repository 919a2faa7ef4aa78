"""Faces through a video, and one embedding of many sights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.collections.user_vector import UserVectors
from regard.video.following.face_tracks import FaceSight, FaceTracks, fuse, quality_of
from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.face import Face, Pose, Quality
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.session import SessionPool
from tests import scenes
from tests.collections.made_models import models_of
from tests.video.conftest import backdrop
from tests.vision.embedded import MODEL, embed

SIZE = 24
VECTORS = UserVectors(np.full(SIZE, 0.1, np.float32), 0.5)
MADE = models_of(SIZE, VECTORS).default


def face(
    x: float = 300, *, side: float = 90, yaw: float = 0, sharpness: float = 60, confidence: float = 99
) -> Face:
    return Face(
        Box(x, 200, side, side * 1.2),
        confidence,
        np.zeros((5, 2), np.float32),
        Pose(0, yaw, 0),
        Quality(60, sharpness),
    )


def embedding_of(person: int, random: np.random.Generator, noise: float = 0.2) -> np.ndarray:
    own = np.random.default_rng(100 + person).normal(size=SIZE)
    away = own / np.linalg.norm(own) + noise * random.normal(size=SIZE) / np.sqrt(SIZE)
    return (VECTORS.average + 0.5 * away).astype(np.float32)


def video(seed: int, samples: int = 30) -> Iterator[tuple[int, list[Face], np.ndarray]]:
    """Three people whose faces turn, blur and vanish."""
    random = np.random.default_rng(seed)
    for number in range(samples):
        here = [n for n in range(3) if random.uniform() < 0.8]
        faces = [
            face(100 + 300 * n + 5 * number, side=random.uniform(30, 120), yaw=random.uniform(-60, 60),
                 sharpness=random.uniform(5, 90), confidence=random.uniform(60, 100))
            for n in here
        ]  # fmt: skip
        embeddings = [embedding_of(n, random) for n in here]
        yield 200 * number, faces, np.array(embeddings, np.float32).reshape(-1, SIZE)


def test_the_best_sights_are_kept_some_time_apart() -> None:
    tracks, random = FaceTracks(MADE, kept=3), np.random.default_rng(0)
    sharp = [5, 50, 6, 45, 5, 5, 5, 40, 5, 5, 5, 30]
    for number, sharpness in enumerate(sharp):
        embedding = embedding_of(0, random)[None]
        tracks.update(300 * number, [face(sharpness=sharpness)], lambda rows, e=embedding: e[rows])
    kept = tracks.sights(0)
    assert [one.timestamp // 300 for one in kept] == [1, 3, 7]
    assert min(np.diff([one.timestamp for one in kept])) >= 500


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1_000))
def test_what_is_kept_is_bounded_and_apart(seed: int) -> None:
    tracks = FaceTracks(MADE, kept=4)
    for timestamp, faces, embeddings in video(seed, 60):
        tracks.update(timestamp, faces, lambda rows, e=embeddings: e[rows])
    state = tracks.state()
    assert len(state["waiting"]) <= 3 * 21
    for _, sights in state["sights"]:
        times = [one[0] for one in sights]
        assert len(times) <= 4
        assert all(later - earlier >= 500 for earlier, later in pairwise(times))


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1_000), stops=st.sets(st.integers(0, 29), max_size=5), cut=st.integers(0, 40))
def test_it_goes_on_from_its_state_as_if_it_had_never_stopped(seed: int, stops: set[int], cut: int) -> None:
    steady, stopped = FaceTracks(MADE), FaceTracks(MADE)
    for number, (timestamp, faces, embeddings) in enumerate(video(seed)):
        if number in stops:
            stopped = FaceTracks.restore(json.loads(json.dumps(stopped.state())), MADE)
        if number == cut:
            steady.cut()
            stopped.cut()
        ids = [
            tracks.update(timestamp, faces, lambda rows, e=embeddings: e[rows]).tolist()
            for tracks in (steady, stopped)
        ]
        assert ids[0] == ids[1]
        assert steady.named == stopped.named
    assert steady.state() == stopped.state()


def test_embeddings_are_made_only_where_they_are_needed() -> None:
    tracks, random, asked = FaceTracks(MADE), np.random.default_rng(0), 0
    for number in range(100):
        embedding = embedding_of(0, random)[None]

        def embed(rows: np.ndarray, e: np.ndarray = embedding) -> np.ndarray:
            nonlocal asked
            asked += len(rows)
            return e[rows]

        tracks.update(200 * number, [face()], embed)
    assert 0 < asked < 40


def test_a_track_that_is_over_is_told_and_forgotten() -> None:
    tracks, random = FaceTracks(MADE), np.random.default_rng(0)
    for number in range(5):
        embedding = embedding_of(0, random)[None]
        tracks.update(200 * number, [face()], lambda rows, e=embedding: e[rows])
    assert tracks.over() == ()
    for seconds in (3, 130):
        tracks.update(1_000 * seconds, [], lambda rows: np.zeros((0, SIZE), np.float32))
    assert tracks.over() == (0,)
    tracks.forget(0)
    assert tracks.over() == tracks.sights(0) == ()
    with pytest.raises(KeyError):
        tracks.embedding(0)


def test_one_sight_alone_is_its_own_embedding() -> None:
    random = np.random.default_rng(0)
    sight = FaceSight(0, 0.3, embedding_of(0, random))
    assert fuse([sight], VECTORS, 0.5) == pytest.approx(sight.embedding, abs=1e-6)


def test_good_sights_weigh_more() -> None:
    random = np.random.default_rng(0)
    good, bad = (FaceSight(n, quality, embedding_of(n, random)) for n, quality in ((0, 0.9), (1, 0.1)))
    fused = fuse([good, bad], VECTORS, 0.5)
    assert np.linalg.norm(fused - good.embedding) < 0.4 * np.linalg.norm(fused - bad.embedding)


def test_a_fused_embedding_is_as_far_from_the_average_as_those_it_is_made_of() -> None:
    """Frames whose errors are half their track's: what `alike` .5 means."""
    random, spreads = np.random.default_rng(0), []
    for person in range(300):
        own = np.random.default_rng(person).normal(size=SIZE) * np.sqrt(0.5)
        common = random.normal(size=SIZE) * np.sqrt(0.25)
        frames = [
            FaceSight(
                n,
                1.0,
                (VECTORS.average + own + common + random.normal(size=SIZE) * np.sqrt(0.25)).astype(
                    np.float32
                ),
            )
            for n in range(5)
        ]
        fused = fuse(frames, VECTORS, 0.5)
        spreads.append([((one - VECTORS.average) ** 2).sum() for one in (fused, frames[0].embedding)])
    fused_spread, single_spread = np.mean(spreads, 0)
    assert fused_spread == pytest.approx(single_spread, rel=0.05)


@pytest.mark.parametrize("worse", [face(side=30), face(yaw=60), face(sharpness=5), face(confidence=60)])
def test_small_turned_blurred_and_doubtful_faces_are_worth_less(worse: Face) -> None:
    assert 0 <= quality_of(worse) < 0.75 * quality_of(face())


def test_two_faces_that_change_places_over_a_cut_keep_their_ids(sessions: SessionPool) -> None:
    analyzer, tracks = FaceAnalyzer(sessions), FaceTracks(MODEL)
    names: dict[str, set[int]] = {"astronaut": set(), "hopper": set()}
    for number in range(8):
        if number == 4:
            tracks.cut()
        frame = backdrop("gravel")
        order = ("astronaut", "hopper") if number < 4 else ("hopper", "astronaut")
        for place, name in enumerate(order):
            square, _ = scenes._HEADS[name]
            head = np.asarray(scenes.portrait(name).crop(square).resize((260, 260)))
            frame[100 : 100 + 260, 80 + 480 * place + 6 * number :][:, :260] = head
        image = Image(frame, "")
        faces = [one for one in analyzer.detect(image) if one.confidence > 95]
        ids = tracks.update(
            250 * number, faces, lambda rows, i=image, f=faces: embed(analyzer, i, [f[n] for n in rows])
        )
        assert len(faces) == 2
        for one, found in zip(faces, ids.tolist(), strict=True):
            if found >= 0:
                names[order[int(one.box.left > 480)]].add(found)
    assert [len(ids) for ids in names.values()] == [1, 1]
    assert names["astronaut"] != names["hopper"]
    one, other = (tracks.embedding(ids.pop()) for ids in names.values())
    again = FaceAnalyzer(sessions)
    image = Image(np.asarray(scenes.portrait("astronaut")), "")
    [whole] = embed(again, image, again.detect(image)[:1])
    assert MODEL.curve.similarity(float(np.linalg.norm(one - whole))) > 95
    assert MODEL.curve.similarity(float(np.linalg.norm(other - whole))) < 50
