"""What a key or a person may use: refused beyond it, on either database, whoever counted it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from regard.caller import Caller, Person
from regard.errors import ServiceError, ServiceQuotaExceededException, ThrottlingException
from regard.governance.audit import AuditLog
from regard.metering.prices import find_price_list
from regard.metering.quotas import Limit, Quota, Quotas, QuotaStore
from regard.metering.usage import UsageStore
from regard.storage.database import Database
from tests.postgres import Place

KEY = Caller("KEY", "script", "operator")
INES = Caller("OTHER", "ines", "investigator", person=Person("P-2026-000001", "ines", ("investigator",)))
IMAGE = {"image_2": 1}


class Desk:
    """Quotas over one database, and a log that requests are written into."""

    def __init__(self, place: Place) -> None:
        self.database = database = Database.open(place.folder, place.url)
        self.log = AuditLog(database)
        self.store = QuotaStore(database)
        self.warned: list[Quota] = []
        self.clock = 0.0
        self.quotas = Quotas(
            self.store,
            UsageStore(database, self.log),
            find_price_list("seed"),
            warn=self.warned.append,
            stored=self.store.count_faces,
            seconds=lambda: self.clock,
        )

    def allow(self, holder: str, **amounts: int) -> None:
        self.store.replace(holder, {Limit[name.upper()]: amount for name, amount in amounts.items()})
        self.quotas.refresh()

    def used(self, images: int = 0, video_ms: int = 0, caller: Caller = KEY) -> None:
        """A request of somebody that another server has answered."""
        units = {"image_2": images, "video_ms": video_ms}
        record: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "key": caller.key_id,
            "person": caller.person_id,
            "operation": "DetectFaces",
            "outcome": "ok",
            "units": {name: count for name, count in units.items() if count},
        }
        self.log.append(record)

    def ask(self, caller: Caller = KEY, **units: int) -> Callable[[], None]:
        return self.quotas.admit(caller, units or IMAGE)


@pytest.fixture
def desk(place: Place) -> Iterator[Desk]:
    made = Desk(place)
    yield made
    made.database.close()


def test_the_last_image_of_a_quota_is_answered_and_the_next_is_not(desk: Desk) -> None:
    desk.allow("KEY", images=2)
    desk.ask()
    desk.ask()
    with pytest.raises(ServiceQuotaExceededException, match="KEY has used its quota of images a month up"):
        desk.ask()


def test_what_other_servers_answered_counts_from_the_next_look_at_the_log(desk: Desk) -> None:
    desk.allow("KEY", images=2)
    desk.used(images=2)
    desk.quotas.refresh()
    with pytest.raises(ServiceQuotaExceededException):
        desk.ask()


def test_an_image_is_not_counted_twice_when_its_record_is_folded(desk: Desk) -> None:
    desk.allow("KEY", images=2)
    ended = desk.ask()
    desk.used(images=1)
    ended()
    desk.quotas.refresh()
    desk.ask()


def test_an_image_that_is_still_being_examined_stays_counted(desk: Desk) -> None:
    desk.allow("KEY", images=1)
    desk.ask()
    desk.quotas.refresh()
    with pytest.raises(ServiceQuotaExceededException):
        desk.ask()


def test_an_image_is_not_counted_twice_after_the_database_was_away(desk: Desk) -> None:
    desk.allow("KEY", images=2)
    end = desk.ask()
    desk.used(images=1)
    end()
    with desk.database.write() as connection:
        connection.execute(text("ALTER TABLE quotas RENAME TO away"))
    with pytest.raises((ServiceError, SQLAlchemyError)):
        desk.quotas.refresh()
    with desk.database.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO quotas"))
    desk.quotas.refresh()
    desk.ask()


def test_what_somebody_does_in_the_console_is_counted_once(desk: Desk) -> None:
    desk.allow(str(INES.person_id), images=10)
    signed_in = replace(INES, key_id=str(INES.person_id))
    desk.used(3, caller=signed_in)
    desk.used(2, caller=INES)
    desk.quotas.refresh()
    desk.quotas.admit(signed_in, {"image_2": 5})()
    with pytest.raises(ServiceQuotaExceededException):
        desk.quotas.admit(signed_in, IMAGE)


def test_what_costs_no_image_is_answered_though_the_images_are_used_up(desk: Desk) -> None:
    desk.allow("KEY", images=0)
    desk.quotas.admit(KEY, {})


def test_a_person_s_quota_holds_for_all_their_keys(desk: Desk) -> None:
    desk.allow("P-2026-000001", images=1)
    desk.used(images=1, caller=INES)
    desk.quotas.refresh()
    with pytest.raises(ServiceQuotaExceededException, match="P-2026-000001"):
        desk.ask(INES)


def test_no_job_is_begun_when_the_minutes_are_used_up(desk: Desk) -> None:
    desk.allow("KEY", minutes=2)
    desk.used(video_ms=60_001)
    desk.quotas.refresh()
    with pytest.raises(ServiceQuotaExceededException, match="minutes of video a month"):
        desk.quotas.admit(KEY, {})


def test_money_is_counted_by_the_price_list(desk: Desk) -> None:
    desk.allow("KEY", money=1_000_000)
    desk.used(images=6_000)  # 5,000 are free, then $1 a thousand
    desk.quotas.refresh()
    with pytest.raises(ServiceQuotaExceededException, match="money a month"):
        desk.ask()


def test_a_rate_is_refilled_as_seconds_pass(desk: Desk) -> None:
    desk.allow("KEY", rate=2)
    desk.ask()
    desk.ask()
    with pytest.raises(ThrottlingException, match="2 requests a second"):
        desk.ask()
    desk.clock = 0.6
    desk.ask()


def test_others_are_not_held_back_by_a_quota(desk: Desk) -> None:
    desk.allow("KEY", images=0, rate=1)
    desk.ask(INES)
    desk.ask(INES)


def test_a_quota_of_which_four_fifths_are_used_is_warned_of_once(desk: Desk) -> None:
    desk.allow("KEY", images=10)
    desk.used(images=7)
    desk.quotas.refresh()
    assert desk.warned == []
    desk.used(images=1)
    desk.quotas.refresh()
    desk.quotas.refresh()
    assert desk.warned == [Quota("KEY", Limit.IMAGES, 10, 8)]


def test_a_quota_that_is_taken_away_holds_no_more(desk: Desk) -> None:
    desk.allow("KEY", images=0)
    desk.allow("KEY")
    desk.ask()


def test_an_answer_says_how_much_of_a_quota_is_used(desk: Desk) -> None:
    desk.allow("KEY", images=5)
    desk.ask()
    assert desk.quotas.headers(KEY) == {"x-regard-quota": "images=1/5"}
    assert desk.quotas.headers(INES) == {}


def test_of_many_who_set_a_quota_at_once_the_last_one_s_holds_and_none_fails(place: Place) -> None:
    store = QuotaStore(place.open())
    given = [{Limit.RATE: number} if number % 2 else {Limit.IMAGES: number} for number in range(1, 41)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda amounts: store.replace("ann", amounts), given))
    [left] = store.all()
    assert {left.limit: left.amount} in given
