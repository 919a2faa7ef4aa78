"""ARNs: how requests name collections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from regard.settings import Settings

# AWS prints some of Rekognition's ARNs without the leading "arn:", and clients pass on what they were given.
_COLLECTION_ARN = re.compile(
    r"(?:arn:)?aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:collection/([a-zA-Z0-9_.\-]+)"
)


def collection_arn(settings: Settings, collection_id: str) -> str:
    return f"arn:aws:rekognition:{settings.region}:{settings.account}:collection/{collection_id}"


def collection_of(request: Mapping[str, Any]) -> str | None:
    """The collection that a request touches, by its id or its ARN; None where it touches none."""
    if "CollectionId" in request:
        return str(request["CollectionId"])
    match = _COLLECTION_ARN.fullmatch(str(request.get("ResourceArn", "")))
    return None if match is None else match.group(1)
