"""`regard migrate videos`: what two services found in a film is compared, and a job that fails is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.errors import RegardError
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.migration.iam import PolicyUse, iam_policy
from regard.migration.source import MigrationSource
from regard.migration.videos.analyses import ANALYSES
from regard.migration.videos.comparing import compare_counts, compare_cuts, compare_names
from regard.migration.videos.records import FilmAddress
from regard.migration.videos.report import VideoReport
from regard.migration.videos.running import compare_films
from regard.presentation.migration.videos import films_table, video_sentences
from regard.settings import Settings
from tests.conftest import PICTURES, Server, start_server, stop_server
from tests.migration.conftest import regard, regard_json
from tests.video.clips import write


def test_names_are_compared_by_film_and_by_second() -> None:
    theirs, ours = {("Car", 0), ("Car", 1), ("Dog", 1)}, {("Car", 1), ("Car", 2)}
    assert compare_names(theirs, ours) == {
        "Jaccard index": [1 / 2],
        "Jaccard index, second by second": [1 / 4],
    }
    assert compare_names(set(), set()) == {}
    assert compare_names(set(), ours)["Jaccard index"] == [0]


def test_faces_are_compared_by_their_number_in_each_second() -> None:
    found = compare_counts({0: 2, 1: 1}, {0: 2, 2: 3})
    assert found == {"seconds with the same number": [1, 0, 0], "difference of the number": [0, 1, 3]}


def test_a_segment_is_found_where_half_of_the_time_of_both_is_shared() -> None:
    theirs = {"SHOT": [(0, 1000), (1000, 3000)], "BlackFrames": [(0, 100)]}
    ours = {"SHOT": [(40, 1000), (2100, 3000)]}
    assert compare_cuts(theirs, ours) == {
        "of theirs, found here": [0, 1, 0],
        "of ours, found there": [1, 0],
        "ms between the beginnings": [40],
    }


def test_the_most_faces_of_a_frame_are_those_of_its_second_and_words_are_not_told_twice() -> None:
    faces: list[dict[str, Any]] = [{"Timestamp": at, "Face": {}} for at in (0, 500, 500, 1200)]
    [same, apart] = ANALYSES["faces"].compare(faces, faces[:3]).values()
    assert (same, apart) == ([1, 0], [0, 1])
    texts = [
        {"Timestamp": 0, "TextDetection": {"Type": "LINE", "DetectedText": "Stop here"}},
        {"Timestamp": 0, "TextDetection": {"Type": "WORD", "DetectedText": "Stop"}},
    ]
    shouted = [{"Timestamp": 900, "TextDetection": {"Type": "WORD", "DetectedText": "STOP"}}]
    assert set(map(tuple, ANALYSES["text"].compare(texts, shouted).values())) == {(1.0,)}


@pytest.mark.parametrize("text", ["film.mp4", "s3://films", "s3:///film.mp4", "https://films/a.mp4"])
def test_a_film_is_named_by_its_bucket_and_name(text: str) -> None:
    with pytest.raises(RegardError, match="s3://BUCKET/NAME"):
        FilmAddress.parse(text)


def test_credentials_for_films_may_do_no_more_than_analyse_them() -> None:
    [everything, pictures] = iam_policy(PolicyUse.VIDEOS, [], ["films"])["Statement"]
    needed = {one.start for one in ANALYSES.values()} | {one.get for one in ANALYSES.values()}
    assert {action.lower() for action in everything["Action"]} == {
        f"rekognition:{name.replace('_', '')}" for name in needed
    }
    assert pictures["Resource"] == ["arn:aws:s3:::films/*"]


class Side:
    """An installation as a client sees it, with a worker that runs a job when it is asked to."""

    def __init__(self, folder: Path, *cuts: int) -> None:
        (folder / "films").mkdir(parents=True)
        for number in range(2):
            shots = np.digitize(np.arange(60), cuts)
            pictures = (np.full((48, 64, 3), 30 + 180 * (shot % 2), np.uint8) for shot in shots)
            write(folder / "films" / f"{number}.mp4", pictures, rate=10, codec="libx264")
        settings = Settings.load({}, data=folder / "data", buckets=f"films={folder / 'films'}")
        self.parts: Parts = build(settings, has_models=False)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **request: self.parts.gate.call(operation, request, LOCAL)

    def work(self) -> None:
        jobs = self.parts.stores.jobs
        Worker(jobs, JobLeases(jobs), lambda: self.parts.gate, lease_seconds=60).run_one(threading.Event())


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[Side, Side]]:
    both = Side(tmp_path / "there", 20, 40), Side(tmp_path / "here", 20, 45)
    yield both
    for side in both:
        side.parts.close()


def test_jobs_of_both_sides_are_started_awaited_and_compared(sides: tuple[Side, Side]) -> None:
    there, here = sides
    films = [FilmAddress("films", name) for name in ("0.mp4", "1.mp4", "lost.mp4")]

    def work(_: float) -> None:
        there.work()
        here.work()

    sources = MigrationSource(there), MigrationSource(here)
    found = list(compare_films(films, ["segments"], *sources, seconds=60, wait=work))
    assert [one.is_compared for one in found] == [True, True, False]
    shots, compared = [one for one in found[0].theirs.items if one["Type"] == "SHOT"], found[0].compared
    assert [one["StartTimestampMillis"] for one in shots] == [0, 2000, 4000]
    assert (set(compared["of theirs, found here"]), max(compared["ms between the beginnings"])) == ({1}, 500)
    report = VideoReport.of(found)
    assert {row.measure for row in report.rows} >= {"of theirs, found here", "ms between the beginnings"}
    assert report.minutes_there == pytest.approx(0.2, rel=0.1)
    [said, billed, _] = video_sentences(report)
    assert said == "2 jobs on 3 films ended well at both services, 1 at one of them alone or at neither."
    assert "0.2 minutes" in billed
    table = films_table(report)
    assert "there: " in table.rows[2][-1]
    assert table.rows[0][:2] == ["s3://films/0.mp4", "segments"]
    assert table.flagged == {2}


def test_a_job_that_is_not_done_in_time_is_told_and_ends_nothing_else(sides: tuple[Side, Side]) -> None:
    there, here = sides
    clock = count(0, 4.0)
    sources = MigrationSource(there), MigrationSource(here)
    films = [FilmAddress("films", "0.mp4")]
    [one] = compare_films(
        films, ["segments"], *sources, seconds=30, wait=lambda _: here.work(), clock=lambda: next(clock)
    )
    assert (one.theirs.failure, one.ours.failure) == ("It was not done within 30 seconds.", None)
    assert one.compared == {}


@pytest.mark.slow
def test_the_command_compares_two_servers_by_their_own_models(
    installed_pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Image.open(PICTURES / "astronaut.jpg") as picture:
        portrait = np.asarray(picture.convert("RGB").resize((256, 256)))
    (tmp_path / "films").mkdir()
    for number in range(2):
        pictures = (portrait if place < 8 else portrait[:, ::-1] // 2 for place in range(16))
        write(tmp_path / "films" / f"{number}.mp4", pictures, rate=4, codec="libx264")
    servers: list[Server] = []
    try:
        for name in ("there", "here"):
            (tmp_path / name).mkdir()
            bucket = ["--bucket", f"films={tmp_path / 'films'}"]
            servers.append(
                start_server(tmp_path / name / "data", *bucket, environment={"REGARD_JOB_WORKERS": "1"})
            )
        profile = tmp_path / "credentials"
        profile.write_text(
            "".join(
                f"[{name}]\naws_access_key_id={one.key_id}\naws_secret_access_key={one.secret}\n"
                for name, one in zip(("there", "here"), servers, strict=True)
            )
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
        there, here = servers
        arguments = [
            "s3://films/1.mp4", "--here", here.endpoint, "--here-profile", "here",
            "--endpoint-url", there.endpoint, "--region", "us-east-1", "--profile", "there",
        ]  # fmt: skip
        chosen = ["--only", "labels", "--only", "faces", "--only", "segments"]
        found = regard_json("migrate", "videos", "s3://films/0.mp4", *arguments, *chosen)
        assert {one["failure_there"] or one["failure_here"] for one in found["comparisons"]} == {None}
        assert len(found["comparisons"]) == 2 * 3
        measured = {(row["area"], row["measure"]): row for row in found["rows"]}
        assert measured["Faces", "seconds with the same number"]["value"] == 1
        assert measured["Segments", "of theirs, found here"]["value"] == 1
        assert measured["Labels", "Jaccard index, second by second"]["value"] == 1
        assert "astronaut" not in str(found).lower()
        said = regard("migrate", "videos", *arguments, "--only", "segments")
        assert "1 job on 1 film ended well at both services" in said
    finally:
        for one in servers:
            stop_server(one)
