"""Vectors × hours, from counts that are made while a server runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from regard.collections.store import CollectionStore
from regard.metering.fold import HOUR
from regard.metering.vector_counts import VectorCounts
from tests import crashing
from tests.postgres import Place

BEGIN = 1_793_491_200_000  # 2026-11-01, in ms


@pytest.fixture
def collections(place: Place) -> Iterator[CollectionStore]:
    database, collections, gallery = crashing.stores(place.folder, place.url)
    for name, faces in (("a", 3), ("b", 1)):
        made = collections.create(name, "1")
        gallery.add(made, crashing.faces_of(faces)[:faces], image_digest=name, external_image_id="")
    yield collections
    database.close()


@pytest.fixture
def counts(place: Place, collections: CollectionStore) -> VectorCounts:
    return VectorCounts(place.open())


def test_an_hour_is_counted_once_whoever_counts(counts: VectorCounts, place: Place) -> None:
    assert counts.count(BEGIN + 5)
    assert not counts.count(BEGIN + HOUR - 1)
    assert not VectorCounts(place.open()).count(BEGIN + 9)
    assert counts.vector_hours(BEGIN, BEGIN + HOUR) == {"a": (3, 0), "b": (1, 0)}


def test_a_count_holds_until_the_next_one(counts: VectorCounts, collections: CollectionStore) -> None:
    counts.count(BEGIN)
    collections.delete(collections.get("b"))
    counts.count(BEGIN + 10 * HOUR)
    assert counts.vector_hours(BEGIN, BEGIN + 15 * HOUR) == {"a": (45, 0), "b": (10, 0)}
    assert counts.vector_hours(BEGIN + 8 * HOUR, BEGIN + 9 * HOUR) == {"a": (3, 0), "b": (1, 0)}
    assert counts.vector_hours(BEGIN - 9 * HOUR, BEGIN) == {}
