"""ListAuditRecords, SearchAuditRecords, VerifyAuditLog: the log of who did what, read and checked."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.audit_search import AuditSearch, RecordFilter
from regard.governance.chain import AuditBroken
from regard.governance.examination.blindness import refuse_raters
from regard.governance.permissions import Permission
from regard.governance.proof.verification import verify_log
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Operation

_LISTING = "audit records"
_MAX_RESULTS = 1000
_SEARCHING = "found audit records"
_MAX_FOUND = 100
_FILTERS = ("Person", "Key", "Case", "Operation", "Collection", "Outcome")


def list_audit_records(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The records of the audit log with their numbers and hashes, the oldest first, a page at a time.

    `Newest` is the number of the newest record there was; reading adds records too, so that whoever reads
    all of the log stops at the first answer's. Raises AccessDeniedException for who rates candidates.
    """
    refuse_raters(ctx.caller)
    limit = min(request.get("MaxResults", _MAX_RESULTS), _MAX_RESULTS)
    after = read_token(_LISTING, request.get("NextToken"))
    found = ctx.stores.audit.page(after=after, limit=limit + 1)
    answer: dict[str, Any] = {
        "Records": [
            {"Sequence": sequence, "Record": text, "Hash": link} for sequence, text, link in found[:limit]
        ],
        "Newest": ctx.stores.audit.newest().sequence,
    }
    if len(found) > limit:
        answer["NextToken"] = make_token(_LISTING, found[limit - 1][0])
    return answer


def search_audit_records(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The records that say what is asked, the newest first; a call reads a part of the log.

    Raises AccessDeniedException for who rates candidates.
    """
    refuse_raters(ctx.caller)
    asked = RecordFilter(**{name.lower(): request[name] for name in _FILTERS if name in request})
    found = AuditSearch(ctx.stores.database).find(
        asked,
        start=request.get("From"),
        end=request.get("To"),
        before=read_token(_SEARCHING, request.get("NextToken")) or None,
        limit=min(request.get("MaxResults", _MAX_FOUND), _MAX_FOUND),
    )
    answer: dict[str, Any] = {
        "Records": [
            {"Sequence": sequence, "Record": text, "Hash": link} for sequence, text, link in found.entries
        ]
    }
    if found.before is not None:
        answer["NextToken"] = make_token(_SEARCHING, found.before)
    return answer


def verify_audit_log(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Recomputes the chain of hashes and the seals of its days; answers the newest record's number and hash,
    or what does not fit.
    """
    try:
        found = verify_log(ctx.stores.audit, ctx.stores.seals)
    except AuditBroken as error:
        return {"Intact": False, "Problem": str(error)}
    return {"Intact": True, "Sequence": found.head.sequence, "Hash": found.head.hash, "Days": found.days}


OPERATIONS = (
    Operation(
        name="ListAuditRecords",
        run=list_audit_records,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        is_own=True,
    ),
    Operation(
        name="SearchAuditRecords",
        run=search_audit_records,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        is_own=True,
    ),
    Operation(
        name="VerifyAuditLog",
        run=verify_audit_log,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        notes=("Intact",),
        is_own=True,
    ),
)
