"""The watch list test, against every probe compared with every picture of the gallery."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import RegardError
from regard.evaluation import watchlist as watchlist_module
from regard.evaluation.watchlist import WatchlistAudit, audit_watchlist
from regard.presentation.audits.record import watchlist_record
from regard.presentation.audits.verdicts import watchlist_verdicts
from tests.evaluation import made

PLACES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=20
)
STEP = made.MODEL.curve.distance_at(80) / 7.3  # of the grid, so that no distance is at a threshold


def audit(
    probes: list[tuple[str, int, int]], gallery: list[tuple[str, int, int]], *, identified: bool = True
) -> WatchlistAudit:
    sides = []
    for side, places in (("p", probes), ("g", gallery)):
        samples = [
            made.sample(f"{side}{number}", who, {"race": "odd" if number % 2 else "even"})
            for number, (who, *_) in enumerate(places)
        ]
        rows = [made.at(*place) * np.float32(STEP) for _, *place in places]
        sides.append((made.dataset(samples, identified=identified), made.faces(samples, rows)))
    return audit_watchlist(*sides)


@given(PLACES, PLACES, st.booleans())
def test_a_probe_is_matched_wrongly_where_anybody_else_is_near(
    probes: list[tuple[str, int, int]], gallery: list[tuple[str, int, int]], identified: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watchlist_module, "_BLOCK", 6)
        found = audit(probes, gallery, identified=identified)
    for threshold in (80.0, 95.0, 99.0):
        wrong = [
            any(
                (who != other or not identified)
                and made.MODEL.curve.similarity(float(np.linalg.norm(np.subtract(place, there)) * STEP))
                >= threshold
                for other, *there in gallery
            )
            for who, *place in probes
        ]
        assert found.everyone.wrong[threshold].events == sum(wrong)
        for share in found.columns[0][1]:
            inside = wrong[share.name == "odd" :: 2]
            assert share.wrong[threshold].value == pytest.approx(np.mean(inside))
            expected = sum(inside) / sum(wrong) if any(wrong) else None
            assert share.of_wrong[threshold] == (None if expected is None else pytest.approx(expected))


def test_the_persons_own_picture_is_found_and_is_no_wrong_match() -> None:
    found = audit([("a", 0, 0), ("b", 9, 9)], [("a", 0, 1), ("c", 30, 30)])
    assert found.everyone.wrong[99.0].events == 0
    rate = found.found[99.0]
    assert rate is not None
    assert (rate.events, rate.trials) == (1, 1)


def test_where_nobody_is_known_every_match_is_wrong() -> None:
    found = audit([("a", 0, 0), ("b", 9, 9)], [("a", 0, 1), ("c", 30, 30)], identified=False)
    assert found.everyone.wrong[99.0].events == 1
    assert found.found[99.0] is None


def test_the_worst_matches_are_named_the_most_similar_first() -> None:
    found = audit([("a", 0, 0), ("b", 20, 20)], [("c", 0, 2), ("d", 0, 1), ("e", 20, 20)])
    assert [(match.probe, match.gallery) for match in found.worst] == [("p1", "g2"), ("p0", "g1")]
    assert found.worst[0].similarity == 100


def test_the_verdict_tells_whom_it_falls_on() -> None:
    probes = [("a", 30, 30) if number % 2 else (f"x{number}", 0, 0) for number in range(200)]
    probes[1::2] = [(f"y{number}", 30, 30) for number in range(100)]
    found = audit(probes, [("z", 0, 1)])
    said = watchlist_verdicts(found)
    assert said[0].startswith("At 80 %, 100 of 200 probes match somebody else in the gallery: 50 %")
    [sentence] = [
        one for one in said if one.startswith("At 99 %, by race: even are 50 % of the probes and 100 %")
    ]
    assert sentence.endswith("a real difference.")
    json.dumps(watchlist_record(found), allow_nan=False)


def test_a_side_without_a_face_is_an_error() -> None:
    one = made.sample("a")
    with pytest.raises(RegardError, match="in any picture of the gallery"):
        audit_watchlist(
            (made.dataset([one]), made.faces([one], [made.at(0, 0)])),
            (made.dataset([one]), made.faces([one], [None])),
        )
