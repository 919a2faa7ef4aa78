"""Several analyses of one video file in one pass, each admitted and recorded by itself."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from regard.caller import Caller
from regard.governance.record import Record
from regard.jobs.records import Step
from regard.operations.admission import Admission
from regard.operations.admitted import Admitted, release, stored_requests
from regard.operations.moving_pictures import refuse_files
from regard.operations.stored_video.runs import run_pass


def gated_pass(
    admission: Admission,
    requests: Mapping[str, Mapping[str, Any]],
    source: Path | BinaryIO,
    caller: Caller,
    case: str | None,
) -> Generator[dict[str, Step]]:
    """As `Gate.run_pass` says."""
    records: dict[str, Record] = {}
    admitted: dict[str, Admitted] = {}
    for operation, params in requests.items():
        record = admission.record_of(operation, params, caller, str(uuid.uuid4()), case)
        record.about(video=str(source.name))
        try:
            admitted[operation] = admission.admit(operation, params, caller, record)
            refuse_files(admitted[operation].operation, admitted[operation].context.strict)
        except Exception as error:
            record.end(error)
            raise
        records[operation] = record
    found = dict.fromkeys(records, 0)
    reached = dict.fromkeys(records, Step([], {}, 0.0))

    def end(error: BaseException | None = None) -> None:
        for operation, record in records.items():
            record.results = {"items": found[operation]}
            if not isinstance(error, Exception):
                declared, request = admitted[operation].operation, admitted[operation].request
                record.units = declared.units_done(reached[operation], request)
            record.end(error)

    for record in records.values():
        record.begin()
    try:
        for steps in run_pass(stored_requests(admitted), source):
            released = {key: release(admitted[key], step) for key, step in steps.items()}
            for operation, step in released.items():
                found[operation] += len(step.items)
                reached[operation] = step.after(reached[operation])
            yield released
            for one in admitted.values():
                admission.refuse_withdrawn(one, caller)
    except BaseException as error:  # somebody's Ctrl-C among them
        end(error)
        raise
    end()
