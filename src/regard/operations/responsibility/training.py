"""RecordTraining, ListTraining: who may search, and who may rate."""

from __future__ import annotations

from typing import Any

from regard.caller import LOCAL
from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.training import NewTraining, TrainingRecord
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.responsibility.people import another
from regard.operations.shapes.times import in_milliseconds, moment

_LISTING = "training"
_MAX_RESULTS = 1000


def record_training(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Records a training that somebody else has completed. It is valid from now on."""
    person = another(ctx, request["PersonId"], "record a training of")
    until = request.get("Until")
    made = ctx.stores.accountability.trainings.record(
        person,
        NewTraining(
            kind=request["Kind"],
            topics=request["Topics"],
            course=request["Course"],
            completed=in_milliseconds(request["Completed"]),
            until=None if until is None else in_milliseconds(until),
            document=request.get("Digest"),
        ),
        recorded_by=ctx.caller.person_id or LOCAL.key_id,
    )
    return training_shape(made)


def list_training(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What somebody was trained in, the oldest record first, a page at a time."""
    person = ctx.stores.accountability.people.get(request["PersonId"])
    numbered = enumerate(ctx.stores.accountability.trainings.of(person.person_id), 1)
    found, token = page_of(f"{_LISTING} {person.person_id}", numbered, request, _MAX_RESULTS)
    return {"Training": [training_shape(one) for one in found], **token}


def training_shape(one: TrainingRecord) -> dict[str, Any]:
    """A training as answers have it."""
    shape = {
        "TrainingId": one.training_id,
        "PersonId": one.person_id,
        "Kind": one.kind,
        "Topics": list(one.topics),
        "Course": one.course,
        "Completed": moment(one.completed),
        "Until": moment(one.until),
        "Digest": one.document,
        "Recorded": moment(one.recorded),
        "RecordedBy": one.recorded_by,
    }
    return {name: value for name, value in shape.items() if value is not None}


OPERATIONS = (
    Operation(
        name="RecordTraining",
        run=record_training,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.MANAGE_PEOPLE,
        notes=("TrainingId", "PersonId", "Kind", "Course", "Completed", "Until"),
        is_own=True,
        presence=Presence.OWNER,
    ),
    Operation(
        name="ListTraining",
        run=list_training,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        is_own=True,
    ),
)
