"""An authorization as answers have it."""

from __future__ import annotations

from typing import Any

from regard.governance.authorizations.records import Authorization
from regard.operations.shapes.times import moment


def authorization_shape(found: Authorization, now: int) -> dict[str, Any]:
    """An authorization as it stands at a moment; what there is nothing to say of is left out."""
    scope, document = found.scope, found.document
    times = {
        "From": found.begins,
        "Until": found.until,
        "Requested": found.requested,
        "AskBy": found.ask_by,
        "DecideBy": found.decide_by,
        "Asked": found.asked,
        "Issued": None if document is None else document.issued,
        "Approved": found.approved,
        "Ended": found.rejected or found.revoked or found.lapsed,
        "Erased": found.erased,
    }
    shape = {
        "AuthorizationId": found.authorization_id,
        "CaseId": found.case_id,
        "Purpose": found.purpose,
        "State": str(found.state(now)),
        "Basis": str(found.basis),
        "CollectionId": scope.collection_id,
        "Cameras": list(scope.cameras),
        "Videos": list(scope.videos),
        "Faces": list(scope.faces),
        "Covert": found.covert,
        "Grounds": found.grounds,
        "Attested": list(found.attested),
        "RequestedBy": found.requested_by,
        "AskedBy": found.asked_by,
        "Authority": found.authority,
        "Issuer": None if document is None else document.issuer,
        "Number": None if document is None else document.number,
        "Digest": None if document is None else document.digest,
        "ApprovedBy": found.approved_by,
        "EndedBy": found.ended_by,
        "EndedFor": found.ended_for,
        "Extends": found.extends,
        "ExtendedBy": found.extended_by,
        "ErasureRecord": found.erasure_record,
    }
    shape |= {name: None if time is None else moment(time) for name, time in times.items()}
    return {name: value for name, value in shape.items() if value is not None}
