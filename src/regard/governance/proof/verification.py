"""The whole log held to its chain and to the seals of its days, in one pass."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from regard.governance.audit import AuditLog
from regard.governance.chain import EMPTY, AuditBroken, Entry, LogHead, check_chain
from regard.governance.proof import merkle
from regard.governance.proof.day import NO_ROOT, SealedDay
from regard.governance.proof.seals import NEW_KEY, SEAL, Seals

_PAGE = 100
# How the records of seals and of their keys are found without reading the JSON of all others.
_SIGN = '"operation":"audit '


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """What fits: the log's head, and how many of its days are sealed."""

    head: LogHead
    days: int


def verify_log(log: AuditLog, seals: Seals) -> VerifiedLog:
    """Recomputes every hash, and the root and signature of every sealed day. Raises AuditBroken, naming the
    first record or day that does not fit.
    """
    days = _DayCheck(_all_days(seals), seals)
    head = EMPTY
    with closing(log.pages()) as pages:
        for page in pages:
            head = check_chain(head, page)
            days.take(page)
    return VerifiedLog(head, days.end(head))


class _DayCheck:
    """Follows the log record by record, and the sealed days beside it."""

    def __init__(self, days: Iterator[SealedDay], seals: Seals) -> None:
        self._days = days
        self._seals = seals
        self._day = next(days, None)
        self._before: SealedDay | None = None
        self._next = 1  # the record that the tree needs next
        self._tree = merkle.TreeBuilder()
        self._passed: dict[str, SealedDay] = {}  # those that no record of a seal was seen of yet
        self._keys: set[str] = set()
        self._count = 0

    def take(self, page: Sequence[Entry]) -> None:
        """Records that fit the chain, behind those before."""
        joined = bytes.fromhex(
            "".join(claimed for _, _, claimed in page)
        )  # the chain fits: each has its size
        hashes = [joined[at : at + merkle.SIZE] for at in range(0, len(joined), merkle.SIZE)]
        at = 0
        while self._day is not None and at < len(page):
            if not self._day.first == self._next - self._tree.size <= self._day.last:
                raise AuditBroken(f"The seal of {self._day.day} does not begin where the day before ends.")
            end = min(len(page), at + self._day.last - self._next + 1)
            self._tree.add(hashes[at:end])
            self._next, at = self._next + end - at, end
            if self._next > self._day.last:
                self._close(self._day)
        for _, text, _ in page:
            if _SIGN in text:
                self._take_seal(text)

    def end(self, head: LogHead) -> int:
        """How many days fit. Raises AuditBroken for a day that the log ends before."""
        if self._day is not None:
            raise AuditBroken(
                f"The audit log is broken: {self._day.day} was sealed with the records up to "
                f"{self._day.last}, and the log ends at {head.sequence}."
            )
        for day in self._passed:
            raise AuditBroken(f"The seal of {day} is not in the audit log.")
        return self._count

    def _close(self, day: SealedDay) -> None:
        """All records of a day were seen."""
        previous = NO_ROOT if self._before is None else self._before.root
        if merkle.root(self._tree.blocks).hex() != day.root or self._tree.blocks != self._seals.blocks(day):
            raise AuditBroken(f"The root of {day.day} is not that of its records; the seal was changed.")
        if day.previous != previous:
            raise AuditBroken(f"The seal of {day.day} does not follow that of the day before.")
        if not day.is_signed():
            raise AuditBroken(f"The signature of {day.day} does not hold.")
        self._passed[day.day] = day
        self._count += 1
        self._before, self._day, self._tree = day, next(self._days, None), merkle.TreeBuilder()

    def _take_seal(self, text: str) -> None:
        """The record of a seal, or of a key that seals."""
        record = json.loads(text)
        if record.get("operation") == NEW_KEY:
            self._keys.add(record["subject"])
        elif record.get("operation") == SEAL:
            # One that is in no table when all days were read was made since.
            day = self._passed.pop(record["subject"], None) or self._seals.on(record["subject"])
            if day is None or any(record.get(name) != value for name, value in _told(day).items()):
                raise AuditBroken(f"The seal of {record['subject']} is not the one that the log tells of.")
            if day.public_key not in self._keys:
                raise AuditBroken(f"The key that sealed {day.day} is not in the audit log.")


def _told(day: SealedDay) -> dict[str, object]:
    facts = asdict(day)
    del facts["day"]
    return facts


def _all_days(seals: Seals) -> Iterator[SealedDay]:
    page = seals.page(after="", limit=_PAGE)
    while page:
        yield from page
        page = seals.page(after=page[-1].day, limit=_PAGE)
