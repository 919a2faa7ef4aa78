"""Streams in sentences: what is to be expected of a search, and what reviews have come to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from regard.presentation.streams import events_table, false_alert_sentences

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_expected_alerts_stand_beside_those_that_there_were() -> None:
    said = list(
        false_alert_sentences(
            {
                "Faces": 1000,
                "PerPasser": {"Value": 0.00124, "Low": 0.00068, "High": 0.0155},
                "PassersADay": 412.0,
                "ExpectedADay": {"Value": 0.51, "Low": 0.28, "High": 6.4},
                "Alerts": 3,
            }
        )
    )
    assert said == [
        "Of a million passers-by whose faces are none of the 1,000 faces searched, 1,240 raise a false alert "
        "(680 to 15,500).",
        "412 faces a day pass, so that 0.51 false alerts a day are to be expected (0.28 to 6.4).",
        "Kept of the last day: 3 alerts.",
    ]


def test_what_is_not_known_is_said() -> None:
    assert list(false_alert_sentences({"Unknown": "There is no card."})) == [
        "How many false alerts are to be expected is not known: There is no card."
    ]


def test_an_alert_says_what_its_review_has_come_to() -> None:
    def seen(**event: Any) -> str:
        told = {"At": NOW, "Kind": "FACE_MATCHED", "Expires": NOW, "ReviewId": "R-1", **event}
        return str(events_table([told]).rows[0][2])

    lead = {"FaceId": "f", "ExternalImageId": "eileen", "Similarity": 99.4}
    assert seen(ReviewStatus="RATED_1") == "people judge it in R-1"
    assert seen(ReviewStatus="DECIDED", MatchedFaces=[lead]) == "eileen 99.4 %: a lead of R-1"
    assert seen(ReviewStatus="EXPIRED") == "R-1 is EXPIRED"
