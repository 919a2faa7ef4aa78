"""The IAM policies that a migration needs at AWS, each with the least rights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent / "policies"


class PolicyUse(StrEnum):
    """What credentials are for: reading what there is, asking what clients ask, changing what they change,
    analysing films.
    """

    READ = "read"
    SHADOW = "shadow"
    MIRROR = "mirror"
    VIDEOS = "videos"


def iam_policy(use: PolicyUse, collection_arns: list[str], buckets: Sequence[str] = ()) -> dict[str, Any]:
    """A policy document; its actions on collections are allowed on these, or, where none is named, on all.

    `buckets` are those whose pictures requests name: AWS reads them with the rights of who asks.
    """
    document: dict[str, Any] = json.loads((_FOLDER / f"{use}.json").read_text("utf-8"))
    on_collections = [one for one in document["Statement"] if one["Sid"] == "Collections"]
    for one in on_collections if collection_arns else ():
        one["Resource"] = collection_arns
    if buckets:
        objects = [f"arn:aws:s3:::{bucket}/*" for bucket in buckets]
        document["Statement"].append(
            {"Sid": "Pictures", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": objects}
        )
    return document
