"""Quotas: how much a key or a person may use, held against memory that follows the fold of the audit log.

Between two folds a process counts what it admits by itself, so that servers together go beyond a quota by
what they are asked for within a second at most.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, insert, select, update

from regard.caller import Caller, is_person_id
from regard.errors import ServiceQuotaExceededException, ThrottlingException
from regard.metering.bill import MonthlyUsage, price
from regard.metering.face_counts import count_stored
from regard.metering.fold import HOUR
from regard.metering.months import first_of_month, next_month
from regard.metering.prices import PriceList
from regard.metering.units import Unit
from regard.metering.usage import UsageStore
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import quotas as table

MICRO: Final = 1_000_000
WARNING_SHARE: Final = 0.8
"""From this share of a month's quota on its use is warned of."""
_IMAGES: Final = (Unit.IMAGE_1, Unit.IMAGE_2, Unit.IMAGE_PROPERTIES)
_VIDEO: Final = (Unit.VIDEO_MS, Unit.SEGMENT_MS)
_MINUTE: Final = 60_000


class Limit(StrEnum):
    """What a quota limits; `money` is in millionths of the price list's unit. Faces are those that are
    stored now, whenever they were enrolled (`stored_faces.py`).
    """

    RATE = "requests a second"
    IMAGES = "images a month"
    MINUTES = "minutes of video a month"
    MONEY = "money a month"
    FACES = "faces stored"


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a holder, a key's or a person's id, may use of something, and how much that was this month.

    `used` is None for a rate.
    """

    holder: str
    limit: Limit
    amount: int
    used: int | None = None

    @property
    def is_near(self) -> bool:
        """Whether most of it is used."""
        return self.used is not None and self.used >= WARNING_SHARE * self.amount


class QuotaStore:
    """The quotas of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, holder: str, amounts: Mapping[Limit, int]) -> None:
        """Gives a holder these quotas and no others."""
        rows = [{"holder": holder, "quota": one.name, "amount": amount} for one, amount in amounts.items()]
        with self._database.write(turn=Turn.QUOTAS) as connection:
            connection.execute(delete(table).where(table.c.holder == holder))
            if rows:
                connection.execute(insert(table), rows)

    def all(self) -> list[Quota]:
        """Every quota, sorted by its holder."""
        with self._database.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.holder, table.c.quota)).all()
        return [Quota(row.holder, Limit[row.quota], row.amount) for row in rows]

    def count_faces(self, holder: str) -> int:
        """How many faces are stored that a holder has enrolled."""
        with self._database.read() as connection:
            return count_stored(connection, holder)

    def begin_warning(self, quota: Quota, month: int) -> bool:
        """Whether it is this process's to warn of a quota in a month, which begins at `month`."""
        mine = (table.c.holder == quota.holder) & (table.c.quota == quota.limit.name)
        with self._database.write() as connection:
            done = update(table).where(mine, table.c.warned < month).values(warned=month)
            return bool(connection.execute(done).rowcount)


class Quotas:
    """Holds requests against quotas. Thread-safe. Nothing is read from the database when a request comes."""

    def __init__(
        self,
        store: QuotaStore,
        usage: UsageStore,
        prices: PriceList | None,
        *,
        warn: Callable[[Quota], None],
        stored: Callable[[str], int],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`warn` is told once a month of each quota of which most is used. `stored` counts the faces of a
        holder.
        """
        self._store = store
        self._usage = usage
        self._prices = prices
        self._warn = warn
        self._stored = stored
        self._seconds = seconds
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._quotas: dict[str, list[Quota]] = {}
        self._since: dict[str, Counter[str]] = defaultdict(Counter)  # what was admitted and isn't in the fold
        self._ended: dict[str, Counter[str]] = defaultdict(Counter)  # of this, what the log has by now
        self._recent: dict[str, tuple[float, float]] = {}  # when the bucket was filled last, and how far

    def refresh(self) -> None:
        """Brings the memory level with the quotas and the log."""
        with self._refreshing:  # what was counted meanwhile must not be taken away twice
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            ended = {holder: counts.copy() for holder, counts in self._ended.items()}
        quotas = self.listed()
        with self._lock:
            self._quotas = defaultdict(list)
            for quota in quotas:
                self._quotas[quota.holder].append(quota)
            for holder, counts in ended.items():  # these are in the fold now, and not before it was read
                self._since[holder].subtract(counts)
                self._ended[holder].subtract(counts)
        self._warn_of(quotas)

    def listed(self) -> list[Quota]:
        """Every quota with what was used of it this month, level with the log."""
        stored = self._store.all()
        if not stored:
            return []
        self._usage.follow()
        used = self._used(priced=any(one.limit is Limit.MONEY for one in stored))
        for one in stored:
            if one.limit is Limit.FACES:
                used[one.holder][Limit.FACES] = self._stored(one.holder)
        return [
            one
            if one.limit is Limit.RATE
            else Quota(one.holder, one.limit, one.amount, used.get(one.holder, Counter())[one.limit])
            for one in stored
        ]

    def admit(self, caller: Caller, units: Mapping[str, int]) -> Callable[[], None]:
        """Counts a request that is billed in these units, against the quotas of its key and its person.

        What it answers is to be called when the request's record is written. Raises ThrottlingException above
        a rate, which clients try again, and ServiceQuotaExceededException where a month's quota is used
        up, which they don't.
        """
        if not self._quotas:
            return _nothing
        holders = caller.holders
        images = sum(units.get(unit, 0) for unit in _IMAGES)
        with self._lock:
            for quota in [one for holder in holders for one in self._quotas.get(holder, ())]:
                if quota.limit is Limit.FACES:
                    continue  # which of them are new only the transaction knows that stores them
                if quota.limit is Limit.RATE:
                    self._take(quota)
                    continue
                used = (quota.used or 0) + self._since[quota.holder][quota.limit]
                asked = images if quota.limit is Limit.IMAGES else 1
                if images or quota.limit is not Limit.IMAGES:
                    self._refuse_beyond(quota, used, asked)
            for holder in holders:
                self._since[holder][Limit.IMAGES] += images

        def end() -> None:
            with self._lock:
                for holder in holders:
                    self._ended[holder][Limit.IMAGES] += images

        return end

    def limited(self, caller: Caller, limit: Limit) -> list[str]:
        """Those of a caller's key and person that have a quota of this kind."""
        with self._lock:
            return [
                holder
                for holder in caller.holders
                if any(one.limit is limit for one in self._quotas.get(holder, ()))
            ]

    def headers(self, caller: Caller) -> dict[str, str]:
        """What answers say of the quotas of their caller: `x-regard-quota: images=4100/5000`; {} for none."""
        if not self._quotas:
            return {}
        names = {
            Limit.IMAGES: "images",
            Limit.MINUTES: "minutes",
            Limit.MONEY: "micromoney",
            Limit.FACES: "faces",
        }
        with self._lock:
            told = [
                f"{names[one.limit]}={(one.used or 0) + self._since[one.holder][one.limit]}/{one.amount}"
                for holder in caller.holders
                for one in self._quotas.get(holder, ())
                if one.limit in names
            ]
        return {"x-regard-quota": ";".join(told)} if told else {}

    def _take(self, quota: Quota) -> None:
        """Takes one of the requests that a second allows; at rest a second's worth is saved up."""
        now = self._seconds()
        before, left = self._recent.get(quota.holder, (now, float(quota.amount)))
        left = min(float(quota.amount), left + (now - before) * quota.amount)
        if left < 1:
            self._recent[quota.holder] = (now, left)
            raise ThrottlingException(
                f"{quota.holder} may make {quota.amount} requests a second; wait and try again."
            )
        self._recent[quota.holder] = (now, left - 1)

    def _refuse_beyond(self, quota: Quota, used: int, asked: int) -> None:
        if used + asked > quota.amount:
            raise ServiceQuotaExceededException(
                f"{quota.holder} has used its quota of {quota.limit} up; ask whoever manages keys for more."
            )

    def _used(self, *, priced: bool) -> dict[str, Counter[str]]:
        """What each key and each person has used this month."""
        now = milliseconds()
        start, end = first_of_month(now), next_month(now)
        used: dict[str, Counter[str]] = defaultdict(Counter)
        for by in ("key", "person"):
            rows = self._usage.listed(start, end, by=by)
            if by == "key":  # what somebody did in the console is among all that the person did
                rows = [row for row in rows if not is_person_id(row.name)]
            for row in rows:
                used[row.name][Limit.IMAGES] += sum(row.sums[unit] for unit in _IMAGES)
                used[row.name][Limit.MINUTES] += -(-sum(row.sums[unit] for unit in _VIDEO) // _MINUTE)
            if priced and self._prices is not None:
                month = MonthlyUsage(start, (end - start) // HOUR, rows, {})
                bill = price([month], self._prices, beginning=self._usage.beginning())
                for line in bill.rows:
                    used[line.name][Limit.MONEY] += round(line.cost * MICRO)
        return used

    def _warn_of(self, quotas: list[Quota]) -> None:
        month = first_of_month(milliseconds())
        for quota in quotas:
            if quota.is_near and self._store.begin_warning(quota, month):
                self._warn(quota)


def _nothing() -> None:
    """For a request that no quota counts."""
