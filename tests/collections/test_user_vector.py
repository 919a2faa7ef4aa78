"""A user's vector is as far from strangers as a face is, and only faces of one person join a user."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.collections.face_models import FACE_MODELS
from regard.collections.user_vector import UserVectors, admit

DIMENSION = 16
VECTORS = UserVectors(np.full(DIMENSION, 0.05, np.float32), 0.1)  # what the people below vary by


CURVE = FACE_MODELS["2.0"].curve


def photos(person: int, count: int, noise: float = 0.08) -> np.ndarray:
    """Embeddings of one person, some .45 from each other at most; two people are 1.4 apart."""
    random = np.random.default_rng(person)
    centre = random.normal(size=DIMENSION)
    centre /= np.linalg.norm(centre)
    return (centre + noise * random.normal(size=(count, DIMENSION))).astype(np.float32)


def nobody() -> np.ndarray:
    return np.zeros((0, DIMENSION), np.float32)


def test_the_vector_of_one_face_is_that_face() -> None:
    [face] = photos(1, 1)
    assert VECTORS.of(face[None]) == pytest.approx(face, abs=1e-6)


def test_the_constants_fit_the_embedding() -> None:
    fitted = FACE_MODELS["2.0"].user_vectors
    assert fitted.average.shape == (384,)
    assert 0.3 < np.linalg.norm(fitted.average[:128]) < 1  # inside the unit sphere that faces lie on
    assert 0.2 < fitted.share < 0.8


@pytest.mark.parametrize("count", [2, 5, 20])
def test_users_are_as_far_from_strangers_as_faces_are(count: int) -> None:
    """Gaussian people whose photos vary by the share: mean distances stay, while plain means come nearer."""
    random = np.random.default_rng(0)
    share, people = 0.45, 4000
    centres = np.sqrt(1 - share) * random.normal(size=(people, 1, DIMENSION))
    faces = 0.05 + centres + np.sqrt(share) * random.normal(size=(people, count, DIMENSION))
    strangers = 0.05 + random.normal(size=(people, DIMENSION))
    vectors = UserVectors(VECTORS.average, share)
    users = np.array([vectors.of(own) for own in faces])

    def apart(vectors: np.ndarray) -> float:
        return float(((vectors - strangers) ** 2).sum(1).mean())

    assert apart(users) == pytest.approx(apart(faces[:, 0]), rel=0.02)
    assert apart(faces.mean(1)) < 0.9 * apart(faces[:, 0])


def test_one_foreign_face_among_ten_is_the_one_that_is_left() -> None:
    new = np.concatenate([photos(1, 4), photos(2, 1), photos(1, 9)[4:]])
    admission = admit(VECTORS, CURVE, nobody(), new, threshold=75, room=100)
    assert sorted(admission.joined) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert admission.similarities[4] < 1
    assert min(np.delete(admission.similarities, 4)) > 75


def test_a_single_face_joins_a_user_without_faces() -> None:
    assert admit(VECTORS, CURVE, nobody(), photos(1, 1), threshold=100, room=100).joined == (0,)


def test_two_people_do_not_become_one_user() -> None:
    new = np.concatenate([photos(1, 1), photos(2, 1)])
    assert admit(VECTORS, CURVE, nobody(), new, threshold=75, room=100).joined == (0,)


def test_a_stranger_does_not_join_a_user_with_faces() -> None:
    new = np.concatenate([photos(2, 5), photos(1, 6)[5:]])
    assert admit(VECTORS, CURVE, photos(1, 5), new, threshold=75, room=100).joined == (5,)


def test_no_threshold_lets_everybody_join() -> None:
    new = np.concatenate([photos(person, 1) for person in range(5)])
    assert sorted(admit(VECTORS, CURVE, nobody(), new, threshold=0, room=100).joined) == [0, 1, 2, 3, 4]


def test_only_as_many_join_as_there_is_room_the_most_similar_first() -> None:
    held, new = photos(1, 5), photos(1, 12)[5:]
    admission = admit(VECTORS, CURVE, held, new, threshold=75, room=3)
    assert len(admission.joined) == 3
    assert admission.joined[0] == np.linalg.norm(new - VECTORS.of(held), axis=1).argmin()
    assert admit(VECTORS, CURVE, held, new, threshold=75, room=0).joined == ()


def test_nothing_new_changes_nothing() -> None:
    assert admit(VECTORS, CURVE, photos(1, 3), nobody(), threshold=75, room=100).joined == ()
    assert admit(VECTORS, CURVE, nobody(), nobody(), threshold=75, room=100).joined == ()


@given(st.permutations(range(9)), st.booleans())
def test_the_order_of_a_request_makes_no_difference(order: list[int], empty: bool) -> None:
    new = np.concatenate([photos(1, 7, noise=0.1)[:5], photos(2, 3), photos(3, 1)])
    held = nobody() if empty else photos(1, 7)[5:]
    straight = admit(VECTORS, CURVE, held, new, threshold=75, room=100)
    mixed = admit(VECTORS, CURVE, held, new[order], threshold=75, room=100)
    assert [order[place] for place in mixed.joined] == list(straight.joined)
    assert mixed.similarities == pytest.approx(straight.similarities[order])
