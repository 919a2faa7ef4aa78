"""A job knows which film it began with, and takes no other in its place for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.video.clips import write

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.jobs.leases import JobLeases
from regard.jobs.records import Job, Status
from regard.jobs.worker import Worker
from regard.settings import Settings

SECONDS = 25  # a job commits a step in ten


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    (tmp_path / "films").mkdir()
    film(tmp_path / "films" / "film.mp4", 40)
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"films={tmp_path / 'films'}")
    made = build(settings, has_models=False)
    yield made
    made.close()


def film(path: Path, grey: int) -> None:
    pictures = (np.full((48, 64, 3), grey + number, np.uint8) for number in range(SECONDS * 2))
    write(path, pictures, rate=2, codec="libx264")


def job_begun(parts: Parts) -> Job:
    """A job whose worker died after its first step."""
    request = {
        "Video": {"S3Object": {"Bucket": "films", "Name": "film.mp4"}},
        "SegmentTypes": ["SHOT"],
    }
    job_id = str(parts.gate.call("start_segment_detection", request, LOCAL)["JobId"])
    leases = JobLeases(parts.stores.jobs)
    lease = leases.take("one that dies")
    assert lease is not None
    leases.commit(lease, next(iter(parts.gate.run_job(lease.job))))
    leases.give_back(lease)
    return found(parts, job_id)


def found(parts: Parts, job_id: str) -> Job:
    job = parts.stores.jobs.find(job_id)
    assert job is not None
    return job


def run(parts: Parts) -> None:
    leases = JobLeases(parts.stores.jobs)
    worker = Worker(parts.stores.jobs, leases, lambda: parts.gate, lease_seconds=60)
    assert worker.run_one(threading.Event())


def test_a_job_that_goes_on_finds_its_film_and_keeps_which_it_was(parts: Parts, tmp_path: Path) -> None:
    begun = job_begun(parts)
    content = parts.stores.objects.facts("films", "film.mp4", None, limit=10**9).content
    assert (begun.film, 0 < begun.progress < 1) == (content, True)
    moved = tmp_path / "films" / "film.mp4"
    moved.rename(moved.with_name("away")).rename(moved)
    run(parts)
    done = found(parts, begun.job_id)
    assert (done.status, done.film, done.found) == (Status.SUCCEEDED, content, 1)


def test_a_job_whose_film_was_replaced_goes_on_no_more(parts: Parts, tmp_path: Path) -> None:
    begun = job_begun(parts)
    film(tmp_path / "films" / "film.mp4", 90)
    run(parts)
    failed = found(parts, begun.job_id)
    assert (failed.status, failed.found, failed.failure) == (Status.FAILED, 0, "InvalidS3ObjectException")
    assert "was replaced" in str(failed.message)
