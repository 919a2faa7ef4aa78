"""Running a bulk analysis: some images a step, whose results wait in the database for the end.

A bucket takes an object whole or not at all. So what was found is committed step by step, as a job's items
are, and written into the bucket when everything is there: whoever goes on after a crash has nothing to mend
in a half written object, and writing it twice writes the same.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, BinaryIO

from regard.context import Context
from regard.errors import (
    InvalidKmsKeyException,
    InvalidOutputConfigException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
    ServiceError,
)
from regard.jobs.records import Item, Job, Step
from regard.operations.bulk.picture_task import ModerationTask, PictureLimits, PictureModeration
from regard.operations.inputs.manifests import (
    INVALID_IMAGE,
    ManifestEntry,
    measure,
    open_manifest,
    read_entries,
)
from regard.operations.pictures.moderation import moderation_answer
from regard.operations.pictures.moderation_adapters import MODERATE_MANY, ChosenAdapter, find_adapter
from regard.operations.pictures.moderation_taxonomy import MIN_CONFIDENCE, VERSION
from regard.storage.buckets.objects import NotWritten
from regard.tasks.choice import executor_of
from regard.tasks.task_node import TaskNode

_STEP = 32  # images
_PAGE = 1000  # results that are read at a time when they are written
_MODERATED = 0.99  # of the progress, once every image was moderated
_RESULTS, _ERRORS = "RESULTS", "ERRORS"


def output_of(request: Mapping[str, Any], job_id: str, name: str = "results.jsonl") -> tuple[str, str]:
    """Bucket and key of something that a job writes."""
    config = request["OutputConfig"]
    prefix = config.get("S3KeyPrefix", "").rstrip("/")
    return config["S3Bucket"], f"{prefix}/{job_id}/{name}" if prefix else f"{job_id}/{name}"


def run(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The rest of a bulk analysis: the images, then the two objects."""
    job = ctx.job
    reached = state
    if reached is None or reached["done"] < reached["entries"]:
        with open_manifest(ctx, request) as manifest:
            reached = _begun(ctx, job, manifest, reached)
            for step in _moderated(ctx, request, manifest, reached):
                reached = dict(step.state)
                yield step
    yield Step([], reached, 1.0, _written(ctx, job, reached))


def images_done(job: Job | Step) -> int:
    """How many images a bulk analysis has moderated, without lines of the manifest that were of no use."""
    return 0 if job.state is None else int(job.state["done"]) - int(job.state["invalid"])


def _begun(ctx: Context, job: Job, manifest: BinaryIO, state: dict[str, Any] | None) -> dict[str, Any]:
    """The state to go on from. The manifest is read through first: is it still the same?"""
    request = job.request
    found = measure(manifest, limit=ctx.settings.manifest_images)
    if state is None:
        try:
            ctx.stores.objects.try_output(*output_of(request, job.job_id), kms_key=request.get("KmsKeyId"))
        except NotWritten as error:
            raise _refused(error) from error
        return {
            "digest": found.digest,
            "entries": found.entries,
            "done": 0,
            "invalid": 0,
            "line": 0,
            "place": 0,
        }
    if state["digest"] != found.digest:
        raise InvalidS3ObjectException("The manifest was replaced while its images were moderated.")
    return state


def _moderated(
    ctx: Context, request: Mapping[str, Any], manifest: BinaryIO, state: Mapping[str, Any]
) -> Iterator[Step]:
    config = request["OperationsConfig"]["DetectModerationLabels"]
    min_confidence = config.get("MinConfidence", MIN_CONFIDENCE)
    adapter = find_adapter(ctx, config.get("ProjectVersion"), MODERATE_MANY)
    entries = read_entries(manifest, line=state["line"], place=state["place"])
    limits = PictureLimits.of(ctx.settings)
    executor = executor_of(TaskNode(ctx.settings, ctx.models, ctx.stores.objects))
    under_way: deque[list[ManifestEntry]] = deque()

    def tasks() -> Iterator[ModerationTask]:
        while some := list(islice(entries, executor.grain)):
            under_way.append(some)
            pictures = tuple((one.bucket, one.key) for one in some if one.error is None)
            yield ModerationTask(pictures, limits, adapter is not None)

    items: list[Item] = []
    with closing(executor.results(tasks())) as results:
        for moderated in results:
            some = under_way.popleft()
            said = iter(moderated)
            items += [_item(one, said, min_confidence, adapter) for one in some]
            if len(items) >= _STEP:
                state = _after(state, items, some[-1])
                yield Step(items, state, _MODERATED * state["done"] / state["entries"])
                items = []
    if items:
        state = _after(state, items, some[-1])
        yield Step(items, state, _MODERATED * state["done"] / state["entries"])


def _after(state: Mapping[str, Any], items: Sequence[Item], last: ManifestEntry) -> dict[str, Any]:
    return {
        **state,
        "done": state["done"] + len(items),
        "invalid": state["invalid"] + sum(item.view == _ERRORS for item in items),
        "line": last.line,
        "place": last.end,
    }


def _item(
    entry: ManifestEntry,
    moderated: Iterator[PictureModeration],
    min_confidence: float,
    adapter: ChosenAdapter | None,
) -> Item:
    """A line of the results, or what the summary says of a line that was of no use. `moderated` are the
    pictures of the lines from this one on."""
    if entry.error is not None:
        return _error(entry, *entry.error)
    one = next(moderated)
    if one.error is not None:
        return _error(entry, INVALID_IMAGE, one.error)
    body = {
        "source-ref": entry.reference,
        "detect-moderation-labels": moderation_answer(one.said, one.features, min_confidence, adapter),
    }
    return Item(entry.line, "", body, _RESULTS)


def _error(entry: ManifestEntry, code: str, message: str) -> Item:
    about = {} if entry.reference is None else {"source-ref": entry.reference}
    return Item(
        entry.line, "", {"line-number": entry.line, **about, "code": code, "message": message}, _ERRORS
    )


def _written(ctx: Context, job: Job, state: Mapping[str, Any]) -> dict[str, Any]:
    """Writes results and summary; says where they are, as the Get operation does."""
    request = job.request
    results = output_of(request, job.job_id)
    summary = output_of(request, job.job_id, "manifest_summary.json")
    objects, kms_key = ctx.stores.objects, request.get("KmsKeyId")
    try:
        objects.write(*results, _lines(ctx, job, state), kms_key=kms_key)
        objects.write(*summary, _summary(ctx, job, state), kms_key=kms_key)
    except NotWritten as error:
        raise _refused(error) from error
    return {
        "Results": {"S3Object": _place(*results), "ModelVersions": {"Moderation": VERSION}},
        "ManifestSummary": {"S3Object": _place(*summary)},
    }


def _place(bucket: str, key: str) -> dict[str, str]:
    return {"Bucket": bucket, "Name": key}


def _refused(error: NotWritten) -> ServiceError:
    return InvalidKmsKeyException(str(error)) if error.of_key else InvalidOutputConfigException(str(error))


def _lines(ctx: Context, job: Job, state: Mapping[str, Any]) -> Iterator[bytes]:
    for page in _pages(ctx, job, _RESULTS, state["done"] - state["invalid"]):
        yield b"".join(_json(body) + b"\n" for body in page)


def _summary(ctx: Context, job: Job, state: Mapping[str, Any]) -> Iterator[bytes]:
    """One JSON object, made piece by piece: every line of a manifest may have an error."""
    statistics = {
        "total-json-lines": state["done"],
        "valid-json-lines": state["done"] - state["invalid"],
        "invalid-json-lines": state["invalid"],
    }
    yield b'{"version": "1.0", "statistics": ' + _json(statistics) + b', "errors": ['
    between = b""
    for page in _pages(ctx, job, _ERRORS, state["invalid"]):
        yield between + b", ".join(map(_json, page))
        between = b", "
    yield b"]}\n"


def _pages(ctx: Context, job: Job, view: str, expected: int) -> Iterator[list[Mapping[str, Any]]]:
    """Raises ResourceNotFoundException where some are gone, as they are once the job is cancelled."""
    after: int | None = None
    while found := ctx.stores.jobs.items(job, view=view, by_key=False, after=after, limit=_PAGE):
        yield [item.body for _, item in found]
        after = found[-1][0]
        expected -= len(found)
    if expected:
        raise ResourceNotFoundException("The job's results are gone: it has ended meanwhile.")


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode("ascii")
