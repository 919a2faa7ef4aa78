"""Releases answers: that of a search opens the review of whom it found, or tells what the review came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from regard.context import Context, Kind
from regard.errors import AccessDeniedException
from regard.governance.examination.records import NewReview, Review
from regard.governance.examination.reviews import waits
from regard.governance.examination.states import ReviewStatus
from regard.governance.record import Record
from regard.governance.released import Released
from regard.governance.responsibility import Act
from regard.operations.operation import Operation
from regard.operations.reviewing.recorded import as_judged
from regard.operations.reviewing.reviewed import Body, Found, Reviewed

CASE_HEADER: Final = "x-regard-case"
REVIEW_HEADER: Final = "x-regard-review"
REVIEWS_HEADER: Final = "x-regard-reviews"
_MAX_NAMED: Final = 20  # of an answer about many people: clients take headers of a few kilobytes


def release_answer(
    declared: Operation,
    ctx: Context,
    request: Mapping[str, Any],
    answer: Body,
    record: Record,
    units: Mapping[str, int],
) -> Released:
    """The answer as it may leave, once its record is on disk. `units` is what usage counts of it."""
    if declared.reviewed is not None and ctx.strict is not None:
        return _release_search(declared.reviewed, ctx, request, answer, record, units)
    if record.is_written:
        record.settle()
        return Released(answer, ctx.stores.quotas.headers(ctx.caller))
    headers: dict[str, str] = {}
    if declared.act is Act.READ_MATCHES and ctx.subject.kind is Kind.JOB and ctx.strict is not None:
        answer, reviews = as_judged(ctx, answer)
        headers = headers_of_reviews(ctx, reviews)
        record.about(reviews=[review.review_id for review in reviews])
    record.count(answer)
    record.units = units
    record.note(declared.notes, answer)
    if declared.analysis is not None and "JobId" in answer:
        record.about(job=answer["JobId"])
    record.end()
    return Released(answer, headers | ctx.stores.quotas.headers(ctx.caller))


def conclude(declared: Operation, record: Record, connection: Connection, answer: Mapping[str, Any]) -> None:
    """Writes the record of an answer in the transaction that makes it true."""
    record.count(answer)
    record.note(declared.notes, answer)
    record.end_within(connection)


def _release_search(
    reviewed: Reviewed,
    ctx: Context,
    request: Mapping[str, Any],
    answer: Body,
    record: Record,
    units: Mapping[str, int],
) -> Released:
    """The answer of a search under a strict purpose, once its record is on disk with its review.

    Raises AccessDeniedException where the collection gave so many wrong leads that it isn't searched.
    """
    examination = ctx.stores.accountability.examination
    if ctx.subject.collection is not None:
        examination.false_matches.check(ctx.subject.collection.row, ctx.subject.collection.collection_id)
    found = reviewed.found(ctx, request, answer)
    if found is None:
        body = reviewed.shown(ctx, answer, None)
        record.count(body)
        record.units = units
        record.end()
        return Released(body, _headers(ctx, None))
    record.about(
        probe=found.probe,
        gallery={
            "model": found.gallery.model,
            "version": found.gallery.version,
            "size": found.gallery.size,
        },
    )
    with examination.reviews.opening(_new_review(ctx, found)) as opening:
        body = reviewed.shown(ctx, answer, opening.review)
        record.count(body)
        if opening.review is not None:
            record.about(
                review=opening.review.review_id,
                candidates=len(opening.review.candidates),
                reviewers=opening.review.reviewers,
            )
        record.units = units
        opening.record = record.end_within(opening.connection)
    record.settle()
    return Released(body, _headers(ctx, opening.review))


def _new_review(ctx: Context, found: Found) -> NewReview:
    """Raises AccessDeniedException where nobody answers for the search, which the gate never lets be."""
    person, case = ctx.caller.person_id, ctx.open_case
    if person is None or case is None or ctx.strict is None:
        raise AccessDeniedException("A search under a strict purpose is a person's, on a case.")
    return NewReview(
        case_id=case.case_id,
        operation=ctx.operation,
        purpose=ctx.strict,
        scope=found.scope,
        probe=found.probe,
        probe_picture=found.probe_picture,
        quality=found.quality,
        gallery=found.gallery,
        threshold=ctx.threshold,
        searcher=person,
        request_id=ctx.request_id,
        candidates=found.candidates,
    )


def _headers(ctx: Context, review: Review | None) -> dict[str, str]:
    headers = {CASE_HEADER: "" if ctx.open_case is None else ctx.open_case.case_id}
    if review is not None:
        headers[REVIEW_HEADER] = review_header(review)
    return headers | ctx.stores.quotas.headers(ctx.caller)


def headers_of_reviews(ctx: Context, reviews: Sequence[Review]) -> dict[str, str]:
    """How the reviews of an answer's people stand: the first of them one by one, and all in numbers,
    `37;pending=12`.
    """
    headers = {CASE_HEADER: "" if ctx.open_case is None else ctx.open_case.case_id}
    if reviews:
        pending = sum(review.status.is_open and waits(review) for review in reviews)
        headers[REVIEW_HEADER] = ", ".join(map(review_header, reviews[:_MAX_NAMED]))
        headers[REVIEWS_HEADER] = f"{len(reviews)};pending={pending}"
    return headers


def review_header(review: Review) -> str:
    """How a review stands: `R-2026-000456;status=PENDING_REVIEW;candidates=3`."""
    pending = review.status.is_open and waits(review)
    status = "PENDING_REVIEW" if pending else ReviewStatus(review.status).value
    return f"{review.review_id};status={status};candidates={len(review.candidates)}"
