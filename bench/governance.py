"""The audit log at a million records: sealing a day, verifying, receipts, folding usage.

The records are those of searches, as the gate writes them, all of one day; they are made past the gate, since
only what reads them is measured.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measurement import Row, Tables
from regard.governance.audit import AuditLog
from regard.governance.proof.receipts import make_receipt
from regard.governance.proof.seals import Seals
from regard.governance.proof.verification import verify_log
from regard.metering.usage import UsageStore
from regard.storage.backend import Turn
from regard.storage.database import Database

_DAY = datetime(2026, 11, 23, tzinfo=UTC)
_BATCH = 10_000
_RECEIPTS = 200


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=int, default=1_000_000, help="records of the day")


def run(chosen: argparse.Namespace) -> Tables:
    with tempfile.TemporaryDirectory() as folder:
        yield f"a day of {chosen.records:,} records", measure(Path(folder), chosen.records)


def measure(folder: Path, count: int) -> Iterator[Row]:
    """Each row's seconds are those of a core, whoever else keeps the machine busy."""
    database = Database.open(folder)
    log = AuditLog(database)
    seals = Seals(database, log, folder)
    usage = UsageStore(database, log)
    try:
        yield _row("write, past the gate", count, lambda: write_searches(database, log, count))
        yield _row("seal the day", count, lambda: seals.seal_due(_DAY + timedelta(days=1)))
        yield _row("verify chain, root and signature", count, lambda: verify_log(log, seals))
        yield _row("fold usage", count, usage.follow)
        yield _receipts(log, seals, count)
        wanted = f"{count // 2:032x}"
        yield _row("find a request by its id", 1, lambda: log.find_request(wanted))
    finally:
        database.close()


def _row(what: str, count: int, act: Callable[[], object]) -> Row:
    started = time.process_time()
    act()
    seconds = time.process_time() - started
    return {"what": what, "seconds": seconds, "records/s": count / seconds, "median ms": "", "slowest ms": ""}


def _receipts(log: AuditLog, seals: Seals, count: int) -> Row:
    """Of records all over the day, each made and checked."""
    took = []
    for number in range(_RECEIPTS):
        started = time.process_time()
        receipt = make_receipt(log, seals, 1 + number * count // _RECEIPTS)
        took.append((time.process_time() - started) * 1000)
        assert receipt is not None
        receipt.check()
    return {
        "what": "receipt",
        "seconds": sum(took) / 1000,
        "records/s": len(took) / sum(took) * 1000,
        "median ms": statistics.median(took),
        "slowest ms": max(took),
    }


def write_searches(database: Database, log: AuditLog, count: int, day: datetime = _DAY) -> None:
    """Adds the records of `count` searches, evenly over a day."""
    for start in range(0, count, _BATCH):
        numbers = range(start, min(start + _BATCH, count))
        with database.write(turn=Turn.AUDIT) as connection:
            log.append_within(connection, *(_record(number, count, day) for number in numbers))


def _record(number: int, count: int, day: datetime) -> dict[str, object]:
    return {
        "time": (day + number * timedelta(days=1) / count).isoformat(timespec="milliseconds"),
        "request_id": f"{number:032x}",
        "key": f"RGRDAAAAAAAAAAAAAAA{number % 8}",
        "name": "ann",
        "role": "investigator",
        "operation": "SearchFacesByImage",
        "collection": "wanted",
        "case": f"C-2026-{number % 100:06}",
        "purpose": "law-enforcement",
        "threshold": 99.0,
        "results": {"FaceMatches": 3},
        "units": {"image_1": 1},
        "outcome": "ok",
        "milliseconds": 62.5,
    }
