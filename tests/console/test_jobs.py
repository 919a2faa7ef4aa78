"""Jobs are followed, cancelled, and shown as bars over a film's time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.signin.sessions import BrowserSessions, Means
from regard.console.timelines import TIMELINES, TimelineBar, bars_of
from regard.governance.people import People
from regard.settings import Settings
from tests.console.visiting import Visitor


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "film.mp4").write_bytes(b"what a worker would read")
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"films={tmp_path / 'films'}")
    made = build(settings, has_models=False)
    yield made
    made.close()


@pytest.fixture
def operator(parts: Parts) -> Visitor:
    token = BrowserSessions(parts.database).open(People(parts.database).add("olga", ["operator"]), Means.CODE)
    return Visitor(asgi(parts), {"regard": token})


def start(parts: Parts) -> str:
    video = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
    return str(parts.gate.call("start_label_detection", {"Video": video}, LOCAL)["JobId"])


def test_a_job_that_runs_renews_its_page_and_can_be_cancelled(operator: Visitor, parts: Parts) -> None:
    job = start(parts)
    assert job in operator.get("/console/jobs").text
    page = operator.get(f"/console/jobs/{job}")
    assert 'hx-trigger="every 2s"' in page.text
    before = parts.audit.newest().sequence
    part = operator.get(f"/console/jobs/{job}/progress", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'hx-trigger="every 2s"' in part.text
    assert parts.audit.newest().sequence == before  # it tells nothing of what was found
    operator.post(f"/console/jobs/{job}", act="cancel")
    ended = operator.get(f"/console/jobs/{job}/progress", headers={"HX-Request": "true"})
    assert ended.headers["hx-redirect"] == f"/console/jobs/{job}"
    assert operator.get(f"/console/jobs/{job}", data=True).json()["Job"]["JobStatus"] == "FAILED"
    assert "hx-trigger" not in operator.get(f"/console/jobs/{job}").text


def test_a_job_that_there_is_not_is_not_found(operator: Visitor) -> None:
    assert operator.get("/console/jobs/" + "0" * 64).status_code == 404


def label(name: str, at: int) -> dict[str, Any]:
    return {"Timestamp": at, "Label": {"Name": name}}


def test_findings_close_to_each_other_are_one_stretch() -> None:
    found = [label("Car", 0), label("Dog", 0), label("Car", 500), label("Car", 1000), label("Car", 9000)]
    assert bars_of(TIMELINES["StartLabelDetection"], found) == [
        TimelineBar("Car", [(0, 1000), (9000, 9200)]),
        TimelineBar("Dog", [(0, 200)]),
    ]


def test_segments_keep_their_own_ends() -> None:
    cue = {
        "StartTimestampMillis": 5,
        "EndTimestampMillis": 80,
        "TechnicalCueSegment": {"Type": "BlackFrames"},
    }
    shot = {"StartTimestampMillis": 80, "EndTimestampMillis": 200, "ShotSegment": {"Index": 0}}
    bars = bars_of(TIMELINES["StartSegmentDetection"], [cue, shot])
    assert [(bar.name, list(bar.stretches)) for bar in bars] == [
        ("BlackFrames", [(5, 80)]),
        ("Shot", [(80, 200)]),
    ]


def test_a_person_is_named_by_whom_a_search_found() -> None:
    person = {"Timestamp": 0, "Person": {"Index": 3}}
    match = {"Face": {"FaceId": "f", "ExternalImageId": "PENDING_REVIEW:R-2026-000001:1"}}
    found = [person, {**person, "Timestamp": 9000, "FaceMatches": [match]}]
    names = [bar.name for bar in bars_of(TIMELINES["StartFaceSearch"], found)]
    assert names == ["3", "3: PENDING_REVIEW:R-2026-000001:1"]
