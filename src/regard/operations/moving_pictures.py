"""Face search in moving pictures: it takes an authorization under strict purposes, at each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.collections.records import Collection
from regard.context import Context, Subject
from regard.errors import AccessDeniedException, ResourceNotFoundException
from regard.governance.authorizations.records import Grant, Use
from regard.governance.cases import Case
from regard.governance.purpose import GENERAL, strict_of
from regard.governance.responsibility import Act
from regard.operations.operation import Operation
from regard.stores import Stores


def purpose_of(operation: Operation, subject: Subject, stores: Stores) -> str:
    """The purpose that a job was authorized for which is run or whose matches are read, else `general`.

    It holds whatever the collection is for by now. Raises AccessDeniedException where the authorization is
    void.
    """
    authorized = None if subject.job is None else subject.job.authorization_id
    if authorized is None or operation.act not in (Act.SEARCH, Act.READ_MATCHES):
        return GENERAL
    return stores.accountability.grants.check_readable(authorized)


def grant_of(
    operation: Operation, request: Mapping[str, Any], subject: Subject, case: Case, stores: Stores
) -> Grant | None:
    """The leave for a search in a video or by a camera, which is started or run; None for what needs none.

    A start takes the leave of its case that holds. A run has the leave that its start took, and no other:
    another may list other faces. Raises AccessDeniedException where no authorization of the case covers it
    now, and where the collection gave so many wrong leads that it isn't searched.
    """
    if not operation.follows_people:
        return None
    _refuse_distrusted(subject, stores)
    use, grants = _use_of(request, subject, case.case_id), stores.accountability.grants
    is_begun = subject.job is not None or subject.is_run
    return grants.check(subject.authorized_by, use) if is_begun else grants.admit(use)


def check_grant(context: Context, request: Mapping[str, Any]) -> Grant | None:
    """The leave that a search was begun by as it is now, None where it needs none.

    Raises AccessDeniedException where it doesn't hold any more, or the collection has given too many wrong
    leads.
    """
    if context.grant is None or context.case is None:
        return None
    _refuse_distrusted(context.subject, context.stores)
    use = _use_of(request, context.subject, context.case)
    return context.stores.accountability.grants.check(context.grant.authorization_id, use)


def refuse_changed(operation: Operation, context: Context, before: Collection, now: Collection) -> None:
    """Raises ResourceNotFoundException for a collection that was made anew since a job began, and
    AccessDeniedException for a search whose collection has become strict: it has no authorization for that
    purpose, and nobody would review whom it finds.
    """
    if now.row != before.row:
        raise ResourceNotFoundException
    key, site = context.caller.purpose, context.settings.site_purpose
    strict = strict_of(now.purpose, key, site, context.strict or GENERAL)
    if operation.follows_people and strict != context.strict:
        raise AccessDeniedException(
            f"The collection {now.collection_id} is for {strict} since the search began; ask for an "
            "authorization and start it again."
        )


def refuse_files(operation: Operation, strict: str | None) -> None:
    """Raises AccessDeniedException for a search in a file of no bucket, which no authorization names."""
    if strict is not None and operation.follows_people:
        raise AccessDeniedException(
            f"Under the purpose {strict} faces are searched in a video of a bucket, by {operation.name}."
        )


def _refuse_distrusted(subject: Subject, stores: Stores) -> None:
    if subject.collection is not None:
        collection = subject.collection
        stores.accountability.examination.false_matches.check(collection.row, collection.collection_id)


def _use_of(request: Mapping[str, Any], subject: Subject, case_id: str) -> Use:
    row = None if subject.collection is None else subject.collection.row
    if subject.stream is not None:
        return Use(case_id=case_id, collection_row=row, camera=subject.stream.camera_id)
    where = request.get("Video", {}).get("S3Object")
    video = None if where is None else f"{where['Bucket']}/{where['Name']}"
    return Use(case_id=case_id, collection_row=row, video=video)
