"""Pairs of faces, against all of them looked at one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import RegardError
from regard.evaluation import pairs as pairs_module
from regard.evaluation.pairs import all_pairs

SETS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=40
)


def made(faces: list[tuple[str, int, int]]) -> tuple[np.ndarray, list[str]]:
    """On a grid, so that no distance is near the radius by rounding."""
    return np.array([face[1:] for face in faces], np.float32), [face[0] for face in faces]


def brute(rows: np.ndarray, names: list[str], radius: float, *, same: bool) -> set[tuple[int, int]]:
    return {
        (a, b)
        for a, b in combinations(range(len(rows)), 2)
        if (names[a] == names[b]) == same and (same or np.linalg.norm(rows[a] - rows[b]) <= radius)
    }


@given(SETS)
def test_near_and_genuine_pairs_are_all_there_are(faces: list[tuple[str, int, int]]) -> None:
    rows, names = made(faces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs_module, "_BLOCK", 7)  # many blocks, the last not full
        found = all_pairs(rows, names, radius=2.7, share=0.0)
    radius = found.radius
    assert {tuple(pair) for pair in found.near.tolist()} == brute(rows, names, radius, same=False)
    assert {tuple(pair) for pair in found.genuine.tolist()} == brute(rows, names, 0, same=True)
    for kept, distances in ((found.near, found.near_distance), (found.genuine, found.genuine_distance)):
        exact = np.linalg.norm(rows[kept[:, 0]] - rows[kept[:, 1]], axis=1)
        assert distances == pytest.approx(exact, abs=2e-3)


@given(SETS, st.data())
def test_a_part_has_the_pairs_that_it_would_have_alone(
    faces: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    rows, names = made(faces)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(faces), max_size=len(faces))))
    whole = all_pairs(rows, names, radius=2.7, share=0.0)
    part = whole.within(chosen)
    kept = [name for name, inside in zip(names, chosen, strict=True) if inside]
    assert part.person_count == len(set(kept))
    assert {tuple(pair) for pair in part.near.tolist()} == brute(rows[chosen], kept, whole.radius, same=False)
    assert len(part.genuine) == len(brute(rows[chosen], kept, 0, same=True))
    assert part.face_pairs == sum(a != b for a, b in combinations(kept, 2))


def test_the_radius_reaches_a_share_of_the_pairs() -> None:
    rows = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    found = all_pairs(rows, [str(number) for number in range(500)], radius=0.0, share=0.01)
    assert len(found.near) == pytest.approx(0.01 * 500 * 499 / 2, rel=0.01)


def test_a_set_where_everybody_looks_alike_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_module, "_MAX_NEAR", 100)
    with pytest.raises(RegardError, match="are the identities right"):
        all_pairs(np.zeros((20, 2), np.float32), [str(number) for number in range(20)], radius=1.0)


def test_of_a_person_with_very_many_pictures_a_sample_of_the_pairs_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairs_module, "_MAX_GENUINE", 50)
    found = all_pairs(np.zeros((30, 2), np.float32), ["one"] * 30, radius=1.0)
    assert len(found.genuine) == len({tuple(pair) for pair in found.genuine.tolist()}) == 50
