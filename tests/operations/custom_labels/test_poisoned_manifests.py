"""Whatever a manifest holds, its data set is made without what is wrong in it, and can be listed."""

from __future__ import annotations

import pytest
from tests.custom.lines import boxed, classified
from tests.operations.custom_labels.asking import PETS, call, create, describe, entries, of_manifest, update

from regard.app import Parts
from regard.errors import InvalidS3ObjectException

_TOO_LARGE = 10**300
_MULTILABEL = "groundtruth/image-classification-multilabel"
LISTED = {
    "half of a surrogate pair in a label": classified("1.jpg", "\ud800"),
    "a NUL in a label": classified("2.jpg", "a\0b"),
    "a label without a letter": classified("3.jpg", ""),
    "a list for a label": classified("4.jpg", "cat", **{"class-name": ["cat"]}),
    "markup in a label": classified("5.jpg", "\u202e<script>alert(1)</script>"),
    "a key out of the bucket": classified("../../etc/passwd", "cat"),
    "line breaks in a key": classified("6\n.jpg", "cat"),
    "half of a surrogate pair in an attribute": {**classified("7.jpg", "cat"), "\ud800": 1},
    "a number of 400 digits": {**classified("8.jpg", "cat"), "label0": 10**400},
    "a class of 300 digits": {
        "source-ref": "s3://pets/9.jpg",
        "tags": [_TOO_LARGE],
        "tags-metadata": {"class-map": {str(_TOO_LARGE): "cat"}, "confidence-map": {}, "type": _MULTILABEL},
    },
    "a box beyond all pixels": boxed("10.jpg", ("cat", 1e308, 1e308, 1e308, 1e308)),
    "a picture beyond all memory": boxed("11.jpg", ("cat", 1, 1, 10, 10), size=(10**30, 10**30)),
    "an adapter's label of half a surrogate pair": {
        "source-ref": "s3://pets/12.jpg",
        "content-moderation-groundtruth": {"ModerationLabels": [{"Name": "\ud800"}]},
    },
}
DROPPED = {
    "half of a surrogate pair in a reference": classified("\ud800.jpg", "cat"),
    "a NUL in a reference": classified("a\0.jpg", "cat"),
}


def test_poisoned_lines_are_listed_and_those_without_a_picture_are_dropped(
    parts: Parts, project: str
) -> None:
    dataset = create(parts, project, DatasetSource=of_manifest())
    update(parts, dataset, *LISTED.values(), *DROPPED.values())
    assert describe(parts, dataset)["Status"] == "UPDATE_COMPLETE"
    references = [one["source-ref"] for one in entries(parts, dataset)]
    assert references == [one["source-ref"] for one in (*PETS, *LISTED.values())]
    labels = call(parts, "list_dataset_labels", DatasetArn=dataset)["DatasetLabelDescriptions"]
    assert [one["LabelName"] for one in labels] == ["cat", "dog", "\u202e<script>alert(1)</script>"]


@pytest.mark.parametrize("name", ["../train.manifest", "a\0b", "/etc/passwd", "a" * 1024, "%2e%2e/x", "."])
def test_a_manifest_outside_of_the_bucket_is_unknown(parts: Parts, project: str, name: str) -> None:
    with pytest.raises(InvalidS3ObjectException) as caught:
        create(parts, project, DatasetSource=of_manifest(name))
    assert "passwd" not in str(caught.value)
