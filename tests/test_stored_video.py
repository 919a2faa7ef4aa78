"""Stored video from end to end: a real server and its worker, real boto3, the real networks, a real clip."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.app import Parts, build, declared_operations
from regard.governance.purpose import TAG
from regard.governance.rules.replay import Replay
from regard.governance.rules.sources import records_within
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import jobs
from tests.conftest import Server, start_server, stop_server
from tests.reviewing import ReviewOffice
from tests.scenes import PICTURES
from tests.video import clips, programme
from tests.video.drawn import shot
from tests.video.jobs.bureau import DOCUMENT

VIDEO = {"S3Object": {"Bucket": "films", "Name": "programme.mp4"}}
SECONDS = 180  # for a job of a few seconds of video, on a machine that does much else


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    programme.write(folder / "programme.mp4")
    (folder / "no.mp4").write_bytes(b"no video at all")
    return folder


@pytest.fixture(scope="module")
def server(
    installed_pack: InstalledPack, films: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    started = start_server(
        data, "--bucket", f"films={films}", environment={"REGARD_JOB_WORKERS": "1", "REGARD_JOB_LEASE": "5"}
    )
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    client = server.client()
    client.create_collection(CollectionId="people")
    client.index_faces(
        CollectionId="people",
        Image={"Bytes": (PICTURES / "astronaut.jpg").read_bytes()},
        ExternalImageId="astronaut",
    )
    return client


def ended(get: Any, job_id: str, **request: Any) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while True:
        answer: dict[str, Any] = get(JobId=job_id, **request)
        if answer["JobStatus"] != "IN_PROGRESS":
            return answer
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(0.2)


def test_a_face_search_names_who_of_the_collection_is_in_the_video(client: Any) -> None:
    job_id = client.start_face_search(Video=VIDEO, CollectionId="people", FaceMatchThreshold=90)["JobId"]
    answer = ended(client.get_face_search, job_id, SortBy="INDEX")
    assert answer["JobStatus"] == "SUCCEEDED", answer
    assert answer["VideoMetadata"]["Codec"] == "h264"
    assert answer["VideoMetadata"]["FrameWidth"] == programme.WIDTH
    for one in answer["Persons"]:
        names = [match["Face"]["ExternalImageId"] for match in one["FaceMatches"]]
        assert names == (["astronaut"] if one["Timestamp"] < programme.CUT else [])


@pytest.mark.slow
def test_under_a_strict_purpose_people_judge_whom_a_film_shows(server: Server, client: Any) -> None:
    parts = build(Settings.load(data=server.data), has_models=False)
    try:
        office = ReviewOffice(parts)
        investigator = authorized(server, office)
        job_id = investigator.start_face_search(Video=VIDEO, CollectionId="wanted")["JobId"]
        answer = ended(investigator.get_face_search, job_id)
        assert answer["JobStatus"] == "SUCCEEDED", answer
        found = [match["Face"] for one in answer["Persons"] for match in one["FaceMatches"]]
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        review, *_ = headers["x-regard-review"].split(";")
        assert {face["ExternalImageId"] for face in found} == {f"PENDING_REVIEW:{review}:1"}
        sheet = office.take("rita")
        shown = office.call("get_review_picture", office.reviewer("rita"), ReviewId=sheet, Number=0)
        [face] = client.detect_faces(Image={"Bytes": shown["Picture"]})["FaceDetails"]
        assert face["Confidence"] > 90
        office.rate("rita", 3)
        office.rate("rolf", 3)
        told = investigator.get_face_search(JobId=job_id)
        names = {match["Face"]["ExternalImageId"] for one in told["Persons"] for match in one["FaceMatches"]}
        assert names == {"astronaut"}
    finally:
        parts.close()


def authorized(server: Server, office: ReviewOffice) -> Any:
    """A boto3 client of the investigator, who may search all films for the astronaut."""
    server.client().create_collection(CollectionId="wanted", Tags={TAG: "law-enforcement"})
    of_person(server, office, "otto").index_faces(
        CollectionId="wanted",
        Image={"Bytes": (PICTURES / "astronaut.jpg").read_bytes()},
        ExternalImageId="astronaut",
    )
    request = {"CaseId": office.case_id, "Basis": "warrant", "CollectionId": "wanted"}
    asked = office.call("request_authorization", office.ines, Videos=["films/*"], **request)
    named = {"AuthorizationId": asked["AuthorizationId"], **DOCUMENT}
    office.call("approve_authorization", office.approver(), **named)
    return of_person(server, office, "ines")


def of_person(server: Server, office: ReviewOffice, name: str) -> Any:
    """A boto3 client of somebody, who names the office's case."""
    role = {"otto": "operator", "ines": "investigator"}[name]
    made = office.call("create_key", Name=office.name(f"{name}-films"), Role=role, Person=office.name(name))
    client = server.client(aws_access_key_id=made["KeyId"], aws_secret_access_key=made["SecretAccessKey"])

    def name_case(request: Any, **_: Any) -> None:
        request.headers["x-regard-case"] = office.case_id

    client.meta.events.register("before-sign.rekognition.*", name_case)
    return client


def test_people_pathing_pages_through_persons_in_order(client: Any) -> None:
    job_id = client.start_person_tracking(Video=VIDEO, JobTag="walk")["JobId"]
    answer = ended(client.get_person_tracking, job_id, MaxResults=5)
    persons, tokens = list(answer["Persons"]), 0
    while "NextToken" in answer:
        answer = client.get_person_tracking(JobId=job_id, MaxResults=5, NextToken=answer["NextToken"])
        persons += answer["Persons"]
        tokens += 1
    assert tokens >= 2
    assert answer["JobTag"] == "walk"
    assert [one["Timestamp"] for one in persons] == sorted(one["Timestamp"] for one in persons)
    by_index = client.get_person_tracking(JobId=job_id, SortBy="INDEX")["Persons"]
    assert [one["Person"]["Index"] for one in by_index] == sorted(one["Person"]["Index"] for one in persons)


def test_segments_are_listed_by_type_with_both_metadata(client: Any) -> None:
    job_id = client.start_segment_detection(Video=VIDEO, SegmentTypes=["TECHNICAL_CUE", "SHOT"])["JobId"]
    answer = ended(client.get_segment_detection, job_id)
    kinds = [one["Type"] for one in answer["Segments"]]
    assert kinds == sorted(kinds, reverse=True)
    assert kinds.count("SHOT") == 3
    assert answer["VideoMetadata"][0]["FrameRate"] == 25
    assert answer["AudioMetadata"] == []
    assert [one["Type"] for one in answer["SelectedSegmentTypes"]] == ["TECHNICAL_CUE", "SHOT"]


def test_what_is_no_video_fails_with_a_sentence(client: Any) -> None:
    video = {"S3Object": {"Bucket": "films", "Name": "no.mp4"}}
    job_id = client.start_face_detection(Video=video)["JobId"]
    answer = ended(client.get_face_detection, job_id)
    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"].endswith(".")
    assert "/" not in answer["StatusMessage"]


@pytest.mark.slow
def test_a_worker_killed_at_work_leaves_a_job_that_ends_as_if_nothing_had_been(
    installed_pack: InstalledPack, films: Path, tmp_path: Path
) -> None:
    """Half a minute, so that there are places to go on from."""
    frames = [frame for seed in range(30) for frame in shot(seed, 25, step=(2, 1))]
    clips.write(films / "long.mp4", frames)
    video = {"S3Object": {"Bucket": "films", "Name": "long.mp4"}}
    settings = {"REGARD_JOB_WORKERS": "1", "REGARD_JOB_LEASE": "3"}
    server = start_server(tmp_path / "data", "--bucket", f"films={films}", environment=settings)
    try:
        client = server.client()
        first = client.start_label_detection(Video=video)["JobId"]
        undisturbed = ended(client.get_label_detection, first)["Labels"]
        second = client.start_label_detection(Video=video)["JobId"]
        database = Database.open(tmp_path / "data")
        killed = 0
        deadline = time.monotonic() + SECONDS
        while killed < 2 and time.monotonic() < deadline:
            with database.read() as connection:
                row = connection.execute(jobs.select().where(jobs.c.job_id == second)).mappings().one()
            if row["holder"] and row["progress"] > 0.3 * (killed + 1) and row["status"] == "IN_PROGRESS":
                os.kill(int(row["holder"].split("/")[1]), signal.SIGKILL)
                killed += 1
                time.sleep(4)
            time.sleep(0.05)
        assert killed
        assert ended(client.get_label_detection, second)["Labels"] == undisturbed
        database.close()
    finally:
        stop_server(server)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_strict_search_whose_worker_is_killed_meets_the_reviews_of_one_that_was_not(
    installed_pack: InstalledPack, films: Path, tmp_path: Path
) -> None:
    """Somebody comes twice, in two steps of the job: their best sight is kept over the worker's death."""
    walk = list(programme.frames())[:40]
    dark = [np.zeros_like(walk[0])] * 220
    lit = [np.asarray(frame * light, np.uint8) for light in (0.8, 1.0) for frame in (*walk, *dark)]
    clips.write(films / "twice.mp4", lit, rate=programme.RATE)
    video = {"S3Object": {"Bucket": "films", "Name": "twice.mp4"}}
    settings = {"REGARD_JOB_WORKERS": "1", "REGARD_JOB_LEASE": "3"}
    server = start_server(tmp_path / "data", "--bucket", f"films={films}", environment=settings)
    parts = build(Settings.load(data=tmp_path / "data"), has_models=False)
    try:
        investigator = authorized(server, ReviewOffice(parts))
        first = investigator.start_face_search(Video=video, CollectionId="wanted")["JobId"]
        undisturbed = ended(investigator.get_face_search, first)
        second = investigator.start_face_search(Video=video, CollectionId="wanted")["JobId"]
        kill_at(parts, second, 0.3)
        answer = ended(investigator.get_face_search, second)
        headers = [one["ResponseMetadata"]["HTTPHeaders"] for one in (undisturbed, answer)]
        assert headers[0]["x-regard-reviews"] == "1;pending=1"
        assert headers[1]["x-regard-review"] == headers[0]["x-regard-review"]
        assert [one["Timestamp"] for one in answer["Persons"]] == [
            one["Timestamp"] for one in undisturbed["Persons"]
        ]
        replay = Replay(declared_operations())
        with parts.database.read() as connection:
            for record in records_within(connection):
                replay.take(record)
        assert replay.end() == []
    finally:
        parts.close()
        stop_server(server)


def kill_at(parts: Parts, job_id: str, progress: float) -> None:
    """Kills the worker that runs a job, once it has come so far."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job = parts.stores.jobs.find(job_id)
        assert job is not None
        if job.holder and progress < job.progress < 1:
            os.kill(int(job.holder.split("/")[1]), signal.SIGKILL)
            return
        time.sleep(0.05)
    raise AssertionError("the job was never at work")
