"""Whoever asked is told what a review has come to: its id and its status, and nothing of whom it is about."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.desk import Desk
from tests.postgres import Place
from tests.receiving import Receiver, receive

from regard.governance.cases import Cases
from regard.governance.examination.notices import outbox_of
from regard.governance.examination.records import Rating, Review
from regard.jobs.notices import JobNotices
from regard.notifications.delivery import Delivery
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.schema import review_notices, reviews


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from receive()


@pytest.fixture
def desk(place: Place, receiver: Receiver) -> Iterator[Desk]:
    """One whose case has the receiver as its channel."""
    made = Desk(place.folder, place.url)
    Cases(made.database).set_channel(made.case, receiver.url, "RGRDINES")
    yield made
    made.database.close()


def delivery(desk: Desk, tmp_path: Path) -> Delivery:
    settings = Settings.load({}, data=tmp_path, webhooks="private", webhook_secret="known to both")
    return Delivery(JobNotices(desk.database), settings, lambda _key: None, others=[outbox_of(desk.database)])


def decide(desk: Desk) -> Review:
    review = desk.search()
    assert review is not None
    for name in ("rita", "rolf"):
        taken = desk.stores.sheets.take(desk.ids[name])
        assert taken is not None
        desk.stores.ratings.commit(taken, desk.ids[name], [Rating(one.number, 3) for one in taken.ratable])
    return review


def test_a_decision_is_told_to_the_case_s_channel(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    review, courier = decide(desk), delivery(desk, tmp_path)
    assert courier.deliver_one()
    [(headers, body)] = receiver.got
    assert json.loads(body) == {"ReviewId": review.review_id, "Status": "DECIDED"}
    time, code = (part.split("=")[1] for part in headers["X-Regard-Signature"].split(","))
    signed = hmac.digest(b"known to both", f"{time}.".encode() + body, hashlib.sha256)
    assert code == signed.hex()
    assert not courier.deliver_one()


def test_nothing_is_told_before_the_decision(desk: Desk, tmp_path: Path) -> None:
    desk.search()
    taken = desk.stores.sheets.take(desk.ids["rita"])
    assert taken is not None
    ratings = [Rating(one.number, 3) for one in taken.ratable]
    desk.stores.ratings.commit(taken, desk.ids["rita"], ratings)
    assert not delivery(desk, tmp_path).deliver_one()


def test_what_nobody_took_is_told_again_later(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    decide(desk)
    receiver.answers.append(500)
    courier = delivery(desk, tmp_path)
    assert courier.deliver_one()
    assert not courier.deliver_one()  # not yet
    with desk.database.write() as connection:
        connection.execute(update(review_notices).values(next_try=milliseconds()))
    assert courier.deliver_one()
    assert len(receiver.got) == 2
    assert not courier.deliver_one()


def test_that_nobody_decided_in_time_is_told_too(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    review = desk.search()
    assert review is not None
    with desk.database.write() as connection:
        connection.execute(update(reviews).values(due=milliseconds() - 1))
    desk.stores.reviews.expire()
    assert delivery(desk, tmp_path).deliver_one()
    [(_, body)] = receiver.got
    assert json.loads(body) == {"ReviewId": review.review_id, "Status": "EXPIRED"}


def test_a_case_without_a_channel_tells_nobody(desk: Desk, tmp_path: Path) -> None:
    Cases(desk.database).set_channel(desk.case, None, "RGRDINES")
    decide(desk)
    assert not delivery(desk, tmp_path).deliver_one()
