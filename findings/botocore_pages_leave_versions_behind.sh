#!/usr/bin/env bash
# Whoever lists collections by MaxItems gets the second list of the answer whole with the first page, and empty with the next ones.
#
# Version:   boto3 1.42.1, botocore 1.42.1
# Date:      2026-11-30
# Behaviour: ListCollections answers two lists that belong together, CollectionIds and FaceModelVersions: the version of an id
#            stands at the same place. botocore's paginator for it names both as results. Where a limit (`MaxItems`, and
#            `--max-items` of the AWS CLI) ends within an answer, only the first list is cut; where `StartingToken` goes on
#            within it, only the first list goes on, and the second is empty.
# Seen:      of the collections a, b, c with the versions 5.0, 6.0, 7.0, by MaxItems 2:
#            first:  ids a, b    versions 5.0, 6.0, 7.0
#            second: ids c       versions none
# One would have guessed that lists which the service's model joins by place are cut at one place; so zip(ids, versions) finds no
# version for c, and says nothing. A client that takes all pages, or PageSize alone, gets both lists whole. This script fails when
# the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.42.1 botocore==1.42.1

"$folder/venv/bin/python" - <<'PYTHON'
import copy
import sys

import boto3
from botocore.stub import Stubber

client = boto3.client(
    "rekognition", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
)
answer = {"CollectionIds": ["a", "b", "c"], "FaceModelVersions": ["5.0", "6.0", "7.0"]}


def listed(**config: object) -> dict[str, object]:
    """What the paginator gives of that one answer of the service."""
    with Stubber(client) as service:
        service.add_response("list_collections", copy.deepcopy(answer))  # which is cut in its place
        return client.get_paginator("list_collections").paginate(PaginationConfig=config).build_full_result()


first = listed(MaxItems=2)
second = listed(MaxItems=2, StartingToken=first["NextToken"])
seen = [(one["CollectionIds"], one["FaceModelVersions"]) for one in (first, second, listed())]
for ids, versions in seen:
    print("ids", ids, "versions", versions)
expected = [
    (["a", "b"], ["5.0", "6.0", "7.0"]),
    (["c"], []),
    (["a", "b", "c"], ["5.0", "6.0", "7.0"]),
]
sys.exit(seen != expected)
PYTHON
