"""Counting people by HTTP, in what a job has found."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import Server, stop_server
from tests.signed import Signed
from tests.video.servers import serve
from tests.waiting import wait_until

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import AccessDeniedException
from regard.packs.install import InstalledPack
from regard.video.following.counting import CountingLine, PersonSighting, count_people

STEPS = 400  # of 250 ms; with six people more items than are read at a time


def tracks() -> list[list[float]]:
    """Six people who walk down through the frame and up again, each a little later than the one before."""
    found = []
    for step in range(STEPS):
        for index in range(6):
            at = step - 10 * index
            if 0 <= at < 320:
                phase = at % 80
                height = phase / 40 if phase < 40 else (80 - phase) / 40  # of the feet
                found.append([250 * step, index, 0.1 + 0.1 * index, height - 0.3, 0.1, 0.3])
    return found


DURATION = 250 * STEPS


@pytest.fixture(scope="module")
def server(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("videos")
    people = {"steps": 3, "tracks": tracks(), "duration": DURATION}
    (folder / "people").write_text(json.dumps(people))
    (folder / "nobody").write_text(json.dumps({"tracks": [], "duration": 1500}))
    (folder / "slow").write_text(json.dumps({"seconds": 1000, "tracks": [], "duration": 0}))
    (folder / "broken").write_text(json.dumps({"fail": 0, "tracks": [], "duration": 0}))
    started = serve(tmp_path_factory.mktemp("server") / "data", folder, job_workers=1)
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client()


@pytest.fixture(scope="module")
def signed(server: Server) -> Signed:
    return Signed(server)


def ended(client: Any, name: str) -> str:
    job_id = str(start(client, name))
    wait_until(lambda: client.get_person_tracking(JobId=job_id)["JobStatus"] != "IN_PROGRESS")
    return job_id


def start(client: Any, name: str) -> str:
    video = {"S3Object": {"Bucket": "videos", "Name": name}}
    return str(client.start_person_tracking(Video=video)["JobId"])


@pytest.fixture(scope="module")
def job_id(client: Any) -> str:
    return ended(client, "people")


def refused(signed: Signed, path: str) -> tuple[str, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        signed.call("GET", f"/regard/v1/jobs/{path}")
    with caught.value as error:
        body = json.load(error)
    return body["Code"], body["Message"]


def test_all_that_a_job_has_found_is_counted(signed: Signed, job_id: str) -> None:
    answer = signed.call(
        "GET",
        f"/regard/v1/jobs/{job_id}/counts?Interval=7000&Line=0&Line=.5&Line=1&Line=0.5",
    )
    sightings = [PersonSighting(int(when), int(index), *sides) for when, index, *sides in tracks()]
    expected = count_people(
        sightings, interval=7000, duration=DURATION, line=CountingLine(0, 0.5, 1, 0.5), aspect=16 / 9
    )
    assert answer["Intervals"] == [
        {
            "Start": one.start,
            "Persons": one.persons,
            "MostAtOnce": one.at_once,
            "Entries": one.entries,
            "Exits": one.exits,
        }
        for one in expected.intervals
    ]
    assert len(answer["Intervals"]) == 15
    # Each goes down and up four times.
    assert (answer["Entries"], answer["Exits"], answer["MostAtOnce"]) == (24, 24, 6)
    assert answer["Line"] == [0, 0.5, 1, 0.5]
    assert answer["Persons"][1] == {
        "Index": 1,
        "First": 2500,
        "Last": 82_250,
        "Seen": 79_750,
        "Entries": 4,
        "Exits": 4,
    }
    spread = {"0.25": 79_750, "0.5": 79_750, "0.75": 79_750, "0.9": 79_750}
    assert answer["Dwell"] == {"Mean": 79_750, "Quantiles": spread, "Longest": 79_750}


def test_without_a_line_nobody_passes_one_and_an_interval_is_a_minute(signed: Signed, job_id: str) -> None:
    answer = signed.call("GET", f"/regard/v1/jobs/{job_id}/counts")
    assert answer["Intervals"] == [
        {"Start": 0, "Persons": 6, "MostAtOnce": 6},
        {"Start": 60_000, "Persons": 6, "MostAtOnce": 6},
    ]
    assert answer["Interval"] == 60_000
    assert not {"Line", "Entries", "Exits"} & {*answer, *answer["Persons"][0]}


def test_a_video_of_nobody_has_counts(signed: Signed, client: Any) -> None:
    answer = signed.call("GET", f"/regard/v1/jobs/{ended(client, 'nobody')}/counts?Interval=1000")
    assert [one["Persons"] for one in answer["Intervals"]] == [0, 0]
    assert answer["Persons"] == []
    assert "Dwell" not in answer


def test_what_can_not_be_counted_is_refused(signed: Signed, client: Any, job_id: str) -> None:
    video = {"S3Object": {"Bucket": "videos", "Name": "nobody"}}
    other = client.start_label_detection(Video=video)["JobId"]
    failed = ended(client, "broken")
    assert refused(signed, "none/counts")[0] == "ResourceNotFoundException"
    assert refused(signed, f"{other}/counts") == (
        "InvalidParameterException",
        "People are counted in jobs of StartPersonTracking; this is another.",
    )
    assert "has FAILED" in refused(signed, f"{failed}/counts")[1]
    waits = start(client, "slow")
    assert refused(signed, f"{waits}/counts")[0] == "ResourceNotReadyException"
    signed.call("POST", f"/regard/v1/jobs/{waits}/cancel")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("Interval=0", "ValidationException"),
        ("Interval=-1", "ValidationException"),
        ("Interval=1.5", "ValidationException"),
        ("Interval=9", "InvalidParameterException"),
        ("Interval=", "ValidationException"),
        ("interval=1000", "ValidationException"),
        ("Line=", "ValidationException"),
        ("Line=0&Line=0&Line=1", "ValidationException"),
        ("Line=0&Line=0&Line=1&Line=1&Line=1", "ValidationException"),
        ("Line=0&Line=0&Line=1&Line=1.1", "ValidationException"),
        ("Line=.5&Line=.5&Line=.5&Line=.5", "InvalidParameterException"),
        ("Line=0&Line=0&Line=1&Line=nan", "ValidationException"),
        ("Line=0&Line=0&Line=1&Line=1e3", "ValidationException"),
        ("Line=0&Line=0&Line=1&Line=-1", "ValidationException"),
        ("&".join(["Line=1"] * 5000), "ValidationException"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    signed: Signed, job_id: str, query: str, code: str
) -> None:
    assert refused(signed, f"{job_id}/counts?{query}")[0] == code


def test_policies_know_it_as_get_job_counts_and_the_log_does(parts: Parts) -> None:
    rule = {"Effect": "Deny", "Action": "rekognition:GetJobCounts", "Resource": "*"}
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [rule, allowed]}
    caller = parts.keys.create("someone", "operator", policy=policy).holder
    with pytest.raises(AccessDeniedException, match="rekognition:GetJobCounts"):
        parts.gate.call("get_job_counts", {"JobId": "x"}, caller)
    with pytest.raises(Exception, match="Could not find JobId"):
        parts.gate.call("get_job_counts", {"JobId": "x"}, LOCAL)
    assert [one["operation"] for one in parts.audit.export()] == ["GetJobCounts"] * 2
