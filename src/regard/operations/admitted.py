"""A request that the gate has let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from regard.context import Context
from regard.governance import purpose
from regard.jobs.records import Step
from regard.operations.operation import Operation
from regard.operations.reviewing.recorded import unnamed_items
from regard.operations.stored_video.runs import Requests, StoredAnalysis
from regard.operations.subjects import resolve
from regard.operations.withholding import withhold_found


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may run: which operation, in which context, with which parameters."""

    operation: Operation
    context: Context
    request: dict[str, Any]


def release(admitted: Admitted, step: Step) -> Step:
    """The step as it may leave: the collection may have become stricter since the analysis began."""
    context = admitted.context
    now = resolve(admitted.operation.about, admitted.request, context.stores, context.settings)
    effective = purpose.stricter(context.purpose, now.purpose)
    items = withhold_found(admitted.operation.shows, step.items, purpose.floor_of(effective))
    if purpose.strict_of(context.strict or "", now.purpose) is not None:
        items = unnamed_items(items, secret=context.request_id, threshold=context.threshold)
    return replace(step, items=items)


def stored_requests(admitted: Mapping[str, Admitted]) -> Requests:
    """What is to be done in one pass. Raises TypeError for what is no analysis of stored video."""
    requests: dict[str, tuple[StoredAnalysis, Context, Mapping[str, Any]]] = {}
    for key, one in admitted.items():
        analysis = one.operation.analysis
        if not isinstance(analysis, StoredAnalysis):
            raise TypeError(f"{one.operation.name} is no analysis of stored video.")
        requests[key] = analysis, one.context, one.request
    return requests
