"""`regard custom propose`: a version labels the pictures of a data set that wait for their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from regard.cli.custom_training import Buckets, Project, Version, bucket_settings, running_version
from regard.cli.local import LocalGate, local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.cli.progress import share_bar
from regard.custom.manifests.entry import DatasetEntry, LabelledBox, ManifestLine
from regard.custom.manifests.reading import read_line
from regard.custom.manifests.writing import proposed_boxes, proposed_labels
from regard.custom.records import DatasetType
from regard.errors import RegardError, ServiceError
from regard.presentation.wording import count
from regard.vision.geometry import Box
from regard.vision.image import read_encoded

_MIN_CONFIDENCE: Final = 90.0
_PAGE: Final = 100
_TOGETHER: Final = 200  # entries of one update, which takes 5 MB
_TURNED: Final = range(5, 9)  # EXIF orientations that exchange the sides


def propose(
    project: Project,
    version: Version,
    kind: Annotated[
        DatasetType, typer.Option("--dataset", case_sensitive=False, help="Whose pictures: TRAIN or TEST.")
    ] = DatasetType.TRAIN,
    min_confidence: Annotated[
        float,
        typer.Option("--min-confidence", min=0, max=100, help="Of what is written, in percent."),
    ] = _MIN_CONFIDENCE,
    bucket: Buckets = None,
    data: DataFolder = None,
) -> None:
    """Write what a version is sure of into a data set's pictures without labels, for people to confirm.

    A version that doesn't run is started for it, and stopped again. Pictures in which a person found nothing,
    and lines with errors, stay as they are.
    """
    proposed, asked = 0, 0
    with local_gate(data, existing=True, **bucket_settings(bucket)) as gate:
        dataset = _dataset(gate, project, kind)
        waiting = list(_waiting(gate, dataset))
        with running_version(gate, project, version) as arn, share_bar(hidden=False) as progress:
            task = progress.add_task("Proposing", total=len(waiting), rate="")
            for begin in range(0, len(waiting), _TOGETHER):
                changed = []
                for line in waiting[begin : begin + _TOGETHER]:
                    told = _proposed(gate, arn, line, min_confidence)
                    changed += [told] if told is not None else []
                    progress.advance(task)
                _update(gate, dataset, changed)
                proposed, asked = proposed + len(changed), min(begin + _TOGETHER, len(waiting))
    say(
        f"{count(proposed, 'picture')} of {asked:,} without labels {'has' if proposed == 1 else 'have'} some "
        "now, which nobody has confirmed: human-annotated is no."
    )


def _dataset(gate: LocalGate, project: str, kind: DatasetType) -> str:
    """The ARN of a project's data set. Raises RegardError where there is none."""
    found = gate.call("describe_projects", ProjectNames=[project])["ProjectDescriptions"]
    if not found:
        raise RegardError(f"There is no project {project}; `regard custom import` makes one.")
    for one in found[0]["Datasets"]:
        if one["DatasetType"] == kind.value:
            return str(one["DatasetArn"])
    raise RegardError(f"The project {project} has no data set of type {kind.value}.")


def _waiting(gate: LocalGate, dataset: str) -> Iterator[ManifestLine]:
    """The lines that wait for their labels."""
    page: dict[str, Any] = {}
    while True:
        answer = gate.call(
            "list_dataset_entries",
            DatasetArn=dataset,
            Labeled=False,
            HasErrors=False,
            MaxResults=_PAGE,
            **page,
        )
        for content in answer["DatasetEntries"]:
            line = read_line(content, longest=None)
            if isinstance(line, ManifestLine) and not line.entry.is_background:
                yield line
        if "NextToken" not in answer:
            return
        page = {"NextToken": answer["NextToken"]}


def _proposed(gate: LocalGate, arn: str, line: ManifestLine, min_confidence: float) -> str | None:
    """The line with what the version finds in its picture; None where that is nothing, or the picture is of
    no use, which is said.
    """
    entry = line.entry
    image = {"S3Object": {"Bucket": entry.bucket, "Name": entry.key}}
    try:
        labels = gate.call(
            "detect_custom_labels", ProjectVersionArn=arn, Image=image, MinConfidence=min_confidence
        )["CustomLabels"]
    except ServiceError as error:
        say(f"{entry.source_ref}: {error.message}", on_stderr=True)
        return None
    if not labels:
        return None
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    boxes = [(_box(one), one["Confidence"] / 100) for one in labels if "Geometry" in one]
    if boxes:
        return proposed_boxes(line.content, boxes, _size(gate, entry), created)
    return proposed_labels(line.content, {one["Name"]: one["Confidence"] / 100 for one in labels}, created)


def _box(label: dict[str, Any]) -> LabelledBox:
    box = label["Geometry"]["BoundingBox"]
    return LabelledBox(label["Name"], Box(box["Left"], box["Top"], box["Width"], box["Height"]))


def _size(gate: LocalGate, entry: DatasetEntry) -> tuple[int, int]:
    """Width and height of the upright picture, px."""
    stores, limit = gate.parts.stores, gate.parts.settings.object_bytes
    encoded = read_encoded(stores.objects.read(entry.bucket, entry.key, None, limit=limit))
    sides = encoded.width, encoded.height
    return sides[::-1] if encoded.orientation in _TURNED else sides


def _update(gate: LocalGate, dataset: str, lines: Sequence[str]) -> None:
    """Raises RegardError where the data set doesn't take them."""
    if not lines:
        return
    changes = {"GroundTruth": "".join(f"{line}\n" for line in lines).encode()}
    gate.call("update_dataset_entries", DatasetArn=dataset, Changes=changes)
    described = gate.call("describe_dataset", DatasetArn=dataset)["DatasetDescription"]
    if described["Status"].endswith("_FAILED"):
        raise RegardError(described["StatusMessage"])
