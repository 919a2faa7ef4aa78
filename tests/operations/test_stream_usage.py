"""What a stream costs is counted while a worker runs it: not when it is started, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert
from tests.porch import Porch

from regard.app import build
from regard.metering.fold import UsageRecord, fold
from regard.settings import Settings


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    settings = Settings.load({}, data=tmp_path / "data", kinesis_endpoint="http://127.0.0.1:9")
    parts = build(settings, has_models=False)
    yield Porch(parts)
    parts.close()


def used(records: list[dict[str, Any]]) -> int:
    return sum(sums["stream_ms"] for sums in fold(convert(records, list[UsageRecord]), set()).values())


def test_a_stream_is_counted_while_it_runs(porch: Porch) -> None:
    assert used(list(porch.parts.audit.export())) == 0
    running = porch.parts.gate.begin(porch.lease.processor)
    running.end()
    records = list(porch.parts.audit.export())
    [ended] = [one for one in records if one["outcome"] == "ok" and one.get("stage") == "session"]
    assert list(ended["units"]) == ["stream_ms"]
    assert used(records) == ended["units"]["stream_ms"] < 60_000


def test_each_hour_of_a_stream_is_counted_once() -> None:
    told = {"time": "2026-11-29T10:00:00.000+00:00", "key": "K", "operation": "StartStreamProcessor"}
    session = {**told, "stream": "porch", "session": "s-1", "outcome": "ok"}
    records = [
        session,
        {**session, "stage": "session", "outcome": "begun"},
        {**session, "stage": "counts", "units": {"stream_ms": 3_600_000}},
        {**session, "stage": "counts", "units": {"stream_ms": 3_600_000}},
        {**session, "stage": "session", "units": {"stream_ms": 60_000}},
    ]
    assert used(records) == 7_260_000
    [sums] = fold(convert(records, list[UsageRecord]), set()).values()
    assert sums["requests"] == 1
