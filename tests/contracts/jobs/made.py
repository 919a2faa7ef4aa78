"""Jobs and steps for the tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import update

from regard.caller import LOCAL
from regard.jobs.leases import JobLeases, Lease
from regard.jobs.records import Item, NewJob, Step
from regard.jobs.store import JobStore
from regard.storage.database import Database
from regard.storage.schema import jobs

VIDEO = {"Video": {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}}}
TOPIC = "arn:aws:sns:us-east-1:123456789012:AmazonRekognitionJobs"


def new_job(**changes: Any) -> NewJob:
    job = NewJob("start_label_detection", VIDEO, request_id="r", caller=LOCAL)
    return replace(job, **changes)


def with_token(token: str, **members: Any) -> dict[str, Any]:
    return VIDEO | {"ClientRequestToken": token} | members


def step(*items: Item, at: int = 0, progress: float = 0.5, **facts: Any) -> Step:
    return Step(items, {"at": at}, progress, facts)


def item(timestamp: int, key: str = "", view: str = "") -> Item:
    return Item(timestamp, key, {"Timestamp": timestamp, "Key": key}, view)


def take(leases: JobLeases, holder: str = "w") -> Lease:
    lease = leases.take(holder)
    assert lease is not None
    return lease


def lapse(database: Database) -> None:
    """Time passes: every lease has lapsed."""
    with database.write() as connection:
        connection.execute(update(jobs).values(lease_until=0))


def numbers(store: JobStore, job_id: str, **options: Any) -> list[int]:
    job = store.find(job_id)
    assert job is not None
    found = store.items(job, **({"view": "", "by_key": False, "after": None, "limit": 99} | options))
    return [number for number, _ in found]


KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
FOUND = st.lists(st.tuples(st.integers(0, 5), KEYS, st.sampled_from(["", "A"])), max_size=12)
