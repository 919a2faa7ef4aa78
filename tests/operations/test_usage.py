"""What is counted and what isn't: real requests through the real gate, read from the real log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import scenes
from tests.operations.manifests import fill, request
from tests.video import clips

from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException, InvalidParameterException, ServiceError
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.metering.prices import PriceListError
from regard.metering.units import Unit
from regard.operations import OPERATIONS
from regard.operations.bulk import media_analysis_run
from regard.operations.operation import Bill
from regard.packs.install import InstalledPack
from regard.settings import Settings

Call = Callable[..., dict[str, Any]]
SECONDS = 3
FOREVER = threading.Event()  # never set


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, manifests, and a film."""
    folder = fill(tmp_path_factory.mktemp("bucket"))
    clips.write(folder / "film.mp4", [np.full((96, 160, 3), 90, np.uint8)] * (SECONDS * 10), rate=10)
    return folder


@pytest.fixture
def parts(installed_pack: InstalledPack, bucket: Path, tmp_path: Path) -> Iterator[Parts]:
    (tmp_path / "out").mkdir()
    buckets = f"videos={bucket},out={tmp_path / 'out'}"
    built = build(Settings.load({}, data=tmp_path / "data", buckets=buckets, output_buckets="out"))
    yield built
    built.close()


@pytest.fixture
def call(parts: Parts) -> Call:
    return lambda operation, **params: parts.gate.call(operation, params, LOCAL)


@pytest.fixture
def worker(parts: Parts) -> Worker:
    leases = JobLeases(parts.stores.jobs, seconds=60, attempts=3)
    return Worker(parts.stores.jobs, leases, lambda: parts.gate, lease_seconds=60)


def counted(parts: Parts) -> dict[str, int]:
    """The units of every record of the log."""
    total: Counter[str] = Counter()
    for record in parts.audit.export():
        total.update(record.get("units", {}))
    return dict(total)


def usage(parts: Parts, caller: Caller = LOCAL, **params: Any) -> dict[str, Any]:
    return parts.gate.call("get_usage", params, caller)


def photo(person: str = "astronaut") -> dict[str, bytes]:
    return {"Bytes": scenes.jpeg(scenes.portrait(person))}


def test_every_bill_has_its_unit() -> None:
    billed = {bill.unit for bill in Bill}
    assert [unit for unit in Unit if unit not in billed] == [Unit.STREAM_LABEL_MS]  # as the processor is
    assert all(one.measure for one in OPERATIONS.values() if one.analysis and one.bills)


def test_three_operations_on_one_picture_are_three_images(parts: Parts, call: Call) -> None:
    for operation in ("detect_faces", "detect_labels", "detect_text"):
        call(operation, Image=photo())
    assert counted(parts) == {"image_2": 3}


def test_a_comparison_is_one_image_and_a_search_without_one_is_one_too(parts: Parts, call: Call) -> None:
    call("compare_faces", SourceImage=photo(), TargetImage=photo("hopper"))
    assert counted(parts) == {"image_1": 1}
    call("create_collection", CollectionId="c")
    face = call("index_faces", CollectionId="c", Image=photo())["FaceRecords"][0]["Face"]
    call("search_faces", CollectionId="c", FaceId=face["FaceId"])
    call("list_faces", CollectionId="c")
    call("delete_faces", CollectionId="c", FaceIds=[face["FaceId"]])
    assert counted(parts) == {"image_1": 3}


@pytest.mark.parametrize(
    ("features", "units"),
    [
        (["GENERAL_LABELS"], {"image_2": 1}),
        (["IMAGE_PROPERTIES"], {"image_properties": 1}),
        (["GENERAL_LABELS", "IMAGE_PROPERTIES"], {"image_2": 1, "image_properties": 1}),
    ],
)
def test_image_properties_are_counted_by_themselves(
    parts: Parts, call: Call, features: list[str], units: dict[str, int]
) -> None:
    call("detect_labels", Image=photo(), Features=features)
    assert counted(parts) == units


def test_what_is_refused_invalid_or_fails_is_not_counted(
    parts: Parts, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer = parts.keys.create("r", "reviewer").holder
    with pytest.raises(AccessDeniedException):
        parts.gate.call("detect_faces", {"Image": photo()}, reviewer)
    with pytest.raises(ServiceError):
        call("detect_faces", Image={"Bytes": b"no picture"})
    with monkeypatch.context() as patch:
        patch.setattr("regard.vision.findings.PictureFindings.faces", None)
        with pytest.raises(TypeError):
            call("detect_faces", Image=photo())
    assert counted(parts) == {}
    total = usage(parts)["Total"]
    assert (total["Requests"], total["Refused"], total["Errors"]) == (3, 2, 1)


def test_a_token_that_is_answered_again_is_counted_once(parts: Parts, call: Call) -> None:
    call("create_collection", CollectionId="c")
    call("create_user", CollectionId="c", UserId="eileen")
    faces = [call("index_faces", CollectionId="c", Image=photo())["FaceRecords"][0]["Face"]["FaceId"]]
    before = counted(parts)["image_1"]
    for operation in ("associate_faces", "disassociate_faces"):
        asked = {"CollectionId": "c", "UserId": "eileen", "FaceIds": faces, "ClientRequestToken": operation}
        assert call(operation, **asked) == call(operation, **asked)
    assert counted(parts)["image_1"] == before + 2


def test_a_video_counts_its_length_once_for_each_analysis(
    parts: Parts, call: Call, bucket: Path, worker: Worker
) -> None:
    video = {"S3Object": {"Bucket": "videos", "Name": "film.mp4"}}
    for token in ("a", "a", "b"):
        call("start_text_detection", Video=video, ClientRequestToken=token)
    call("start_segment_detection", Video=video, SegmentTypes=["SHOT"])
    assert counted(parts) == {}
    while worker.run_one(FOREVER):
        pass
    once = {"start_text_detection": {"Video": video}, "start_face_detection": {"Video": video}}
    for _ in parts.gate.run_pass(once, bucket / "film.mp4", LOCAL):
        pass
    assert counted(parts) == {"video_ms": 4 * SECONDS * 1000, "segment_ms": SECONDS * 1000}
    rows = {one["Name"]: one["Usage"] for one in usage(parts)["Rows"]}
    assert rows["StartTextDetection"]["Requests"] == 4  # three that started jobs, and the pass
    assert rows["StartTextDetection"]["VideoMilliseconds"] == 3 * SECONDS * 1000


def test_a_video_that_can_t_be_read_is_not_counted(
    parts: Parts, call: Call, bucket: Path, worker: Worker
) -> None:
    (bucket / "broken.mp4").write_bytes(b"no video")
    call("start_text_detection", Video={"S3Object": {"Bucket": "videos", "Name": "broken.mp4"}})
    worker.run_one(FOREVER)
    assert counted(parts) == {}


def start_bulk(call: Call, name: str) -> str:
    output = {"OutputConfig": {"S3Bucket": "out"}}
    return str(call("start_media_analysis_job", **request(name, **output))["JobId"])


def test_a_bulk_analysis_counts_its_pictures_and_not_those_of_no_use(
    parts: Parts, call: Call, bucket: Path, worker: Worker
) -> None:
    start_bulk(call, "mixed.jsonl")
    worker.run_one(FOREVER)
    assert counted(parts) == {"image_2": 2}


def test_a_job_that_is_cancelled_counts_what_it_has_done_for_whoever_started_it(
    parts: Parts, call: Call, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_analysis_run, "_STEP", 1)
    owner = parts.keys.create("owner", "operator").holder
    asked = request(OutputConfig={"S3Bucket": "out"})
    job_id = parts.gate.call("start_media_analysis_job", asked, owner, case="case 7")["JobId"]
    stop = threading.Event()
    stop.set()
    worker.run_one(stop)  # one picture of four, then the worker is stopped
    assert counted(parts) == {}
    call("cancel_job", JobId=job_id)
    call("cancel_job", JobId=job_id)
    assert counted(parts) == {"image_2": 1}
    rows = {one["Name"]: one["Usage"]["ImagesOfGroup2"] for one in usage(parts, By="key")["Rows"]}
    assert rows == {owner.key_id: 1, "local": 0}
    assert {one["Name"] for one in usage(parts, By="case")["Rows"]} == {"", "case 7"}


def test_a_job_whose_worker_is_stopped_is_counted_once(
    parts: Parts, call: Call, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_analysis_run, "_STEP", 1)
    start_bulk(call, "plain.jsonl")
    stop = threading.Event()
    stop.set()
    worker.run_one(stop)
    while worker.run_one(FOREVER):
        pass
    assert counted(parts) == {"image_2": 4}


def test_a_job_that_is_run_again_after_its_record_is_counted_once(
    parts: Parts, call: Call, worker: Worker
) -> None:
    call("start_text_detection", Video={"S3Object": {"Bucket": "videos", "Name": "film.mp4"}})
    lease = JobLeases(parts.stores.jobs).take("dies")
    assert lease is not None
    list(parts.gate.run_job(lease.job))  # and dies before it commits the end
    JobLeases(parts.stores.jobs).give_back(lease)
    worker.run_one(FOREVER)
    assert counted(parts) == {"video_ms": 2 * SECONDS * 1000}
    assert usage(parts)["Total"]["VideoMilliseconds"] == SECONDS * 1000


def test_who_may_not_read_the_log_sees_their_own_key_s_usage(parts: Parts) -> None:
    callers = {role: parts.keys.create(role, role).holder for role in ("investigator", "auditor", "operator")}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "rekognition:GetUsage", "Resource": "*"}],
    }
    narrowed = parts.keys.create("narrowed", "admin", policy=policy).holder
    parts.gate.call("detect_faces", {"Image": photo()}, callers["investigator"])
    parts.gate.call("detect_faces", {"Image": photo()}, callers["operator"])

    def seen(caller: Caller) -> int:
        return int(usage(parts, caller)["Total"]["ImagesOfGroup2"])

    assert [seen(one) for one in callers.values()] == [1, 2, 2]
    assert seen(narrowed) == 0
    assert "FaceHours" not in usage(parts, narrowed)["Total"]


def test_what_is_stored_is_billed_by_the_hour(parts: Parts, call: Call) -> None:
    call("create_collection", CollectionId="c")
    call("index_faces", CollectionId="c", Image=photo())
    answer = usage(parts, By="collection", Prices="seed")
    assert answer["Total"]["FaceHours"] == 1
    [line] = [one for one in answer["Prices"]["Charges"] if one["Meter"].startswith("Face vectors")]
    assert line["Quantity"] == 0.001  # of a month of some 720 hours
    assert [one["Name"] for one in answer["Rows"]] == ["c"]


def test_a_time_is_widened_to_whole_hours_and_must_not_be_empty(parts: Parts) -> None:
    at = datetime(2026, 11, 3, 10, 30, tzinfo=UTC)
    answer = usage(parts, From=at, To=at + timedelta(minutes=40))
    assert (answer["From"].hour, answer["To"].hour) == (10, 12)
    assert (answer["From"].minute, answer["Rows"]) == (0, [])
    alone = usage(parts, From=at)
    assert alone["To"] == datetime(2026, 12, 1, tzinfo=UTC)
    for end in (at - timedelta(days=1), at + timedelta(days=366 * 20)):
        with pytest.raises(InvalidParameterException):
            usage(parts, From=at, To=end)


@pytest.mark.parametrize("year", [1, 1969, 2201, 9999])
@pytest.mark.parametrize("name", ["From", "To"])
def test_a_time_that_no_month_is_counted_of_is_refused(parts: Parts, name: str, year: int) -> None:
    with pytest.raises(InvalidParameterException, match="must lie from 1970 to 2200"):
        usage(parts, **{name: datetime(year, 12, 31, tzinfo=UTC)})


def test_a_price_list_that_there_isn_t_is_refused(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterException, match="There is no price list 'none'"):
        usage(parts, Prices="none")
    with pytest.raises(PriceListError, match=r"none\.toml can't be read"):
        build(Settings.load({}, data=tmp_path / "other", prices="none.toml"))


def test_what_it_cost_here_stands_beside(installed_pack: InstalledPack, tmp_path: Path) -> None:
    parts = build(Settings.load({}, data=tmp_path / "data", cost_hour="0.5", prices="seed"))
    parts.gate.call("detect_faces", {"Image": photo()}, LOCAL)
    here = usage(parts)["CostHere"]
    assert 0 < here["Hours"] <= 1
    assert here["Cost"] == pytest.approx(here["Hours"] / 2, abs=0.001)
    assert here["CostPerThousandImages"] == pytest.approx(1000 * here["Cost"], abs=0.01)
    assert usage(parts)["Prices"]["Name"] == "seed"
    assert "CostHere" not in usage(parts, parts.keys.create("i", "investigator").holder)
    parts.close()
