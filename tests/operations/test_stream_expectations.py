"""How many false alerts are to be expected of a camera is told before and beside the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.porch import Porch

from regard.app import build
from regard.evaluation.card import ModelCard
from regard.evaluation.false_alerts import FalseAlertRate
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.schema import collections, stream_events
from regard.streams.records import StreamStatus


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    settings = Settings.load({}, data=tmp_path / "data", kinesis_endpoint="http://127.0.0.1:9")
    parts = build(settings, has_models=False)
    yield Porch(parts)
    parts.close()


def hold(porch: Porch, **values: object) -> None:
    """Has the collection be as it is with so many faces, of such a model."""
    with porch.parts.database.write() as connection:
        connection.execute(update(collections).values(values))


def expected(porch: Porch) -> dict[str, object]:
    told: dict[str, object] = porch.office.call("get_stream", Name="porch")["Stream"]["FalseAlerts"]
    return told


def test_before_anybody_passed_it_is_told_of_a_passer_by(porch: Porch) -> None:
    hold(porch, face_count=1000)
    told = expected(porch)
    rate = FalseAlertRate.of(ModelCard.load("default", "3.0"), 80.0, 1000, 6)
    assert told["Faces"] == 1000
    assert told["PerPasser"]["Value"] == rate.per_passer.value  # type: ignore[index]
    assert told["Alerts"] == 0
    assert "ExpectedADay" not in told


def test_of_as_many_as_pass_it_is_told_a_day_beside_the_alerts_there_were(porch: Porch) -> None:
    hold(porch, face_count=1000)
    porch.leases.commit_checkpoint(porch.lease, {"passed": 50, "watched": 3600.0})
    for hours in (1, 23, 25):
        event = porch.saw(f"face/{hours}")
        at = update(stream_events).where(stream_events.c.event_id == event.event_id)
        with porch.parts.database.write() as connection:
            connection.execute(at.values(at=milliseconds() - hours * 3_600_000))
    told = porch.office.call("list_stream_events", Name="porch")["FalseAlerts"]
    assert told["PassersADay"] == 1200.0
    assert told["ExpectedADay"]["Value"] == pytest.approx(1200 * told["PerPasser"]["Value"])
    assert told["Alerts"] == 2


def test_a_face_model_without_a_card_is_said_to_have_none(porch: Porch) -> None:
    hold(porch, face_model_version="1.0")
    told = expected(porch)
    assert told["Unknown"] == "The pack default has no model card of face model 1.0."
    assert "PerPasser" not in told


def test_nothing_is_expected_of_a_collection_that_is_gone(porch: Porch) -> None:
    porch.office.call("delete_collection", CollectionId="staff")
    assert expected(porch)["Unknown"] == "There is no collection staff any more."


def test_the_record_of_a_start_says_what_was_to_be_expected(porch: Porch) -> None:
    porch.leases.end(porch.lease, StreamStatus.STOPPED)
    hold(porch, face_count=1000)
    porch.office.call("start_stream_processor", Name="porch")
    newest = [one for one in porch.parts.audit.export() if one["operation"] == "StartStreamProcessor"][-1]
    assert newest["false_alerts"] == {"faces": 1000, "per_passer": 0.0946}
