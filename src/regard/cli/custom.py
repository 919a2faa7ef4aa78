"""`regard custom`: projects of custom labels, and the pictures that they learn from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.custom_proposing import propose
from regard.cli.custom_taking import take
from regard.cli.custom_training import VERSION_COMMANDS
from regard.cli.local import LocalGate, local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import print_json, say
from regard.custom.folders.example import Example
from regard.custom.folders.reading import (
    ExampleFolder,
    FolderFormat,
    format_of,
    read_folder,
    split_folder,
)
from regard.custom.manifests.checking import CheckedManifest, check_manifest
from regard.custom.manifests.writing import boxes_line, labels_line
from regard.errors import RegardError
from regard.presentation.wording import count
from regard.settings import Settings
from regard.storage.buckets.objects import parse_folders

app = typer.Typer(
    help="Make projects of custom labels from folders and manifests; train, try and run versions.",
    no_args_is_help=True,
)
for _name, _command in VERSION_COMMANDS.items():
    app.command(_name)(_command)
app.command("propose")(propose)
app.command("take")(take)

_SHOWN = 100  # faults that are printed


@app.command("import")
def import_(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Class folders, COCO, YOLO or Pascal VOC; all to train on, or in train and test."
        ),
    ],
    project: Annotated[str, typer.Option(help="The project; it is made where there is none.")],
    bucket: Annotated[
        str,
        typer.Option(
            metavar="NAME[=FOLDER]",
            help="The bucket of the pictures. They are copied, unless they lie in its folder.",
        ),
    ],
    form: Annotated[
        FolderFormat | None, typer.Option("--format", help="How labels are written; found out if left out.")
    ] = None,
    distribute: Annotated[
        bool, typer.Option("--distribute", help="Move a fifth of the pictures into a test set.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the ARNs as JSON.")] = False,
    data: DataFolder = None,
) -> None:
    """Make a project's data sets from a folder of labelled pictures."""
    parts = split_folder(folder)
    if distribute and len(parts) > 1:
        raise RegardError("The folder has a test set already; leave --distribute out.")
    name, equals, _ = bucket.partition("=")
    settings = Settings.load(data=data)
    buckets = ",".join(filter(None, (settings.buckets, bucket))) if equals else None
    outputs = ",".join(filter(None, (settings.output_buckets, name)))
    with local_gate(data, has_models=False, buckets=buckets, output_buckets=outputs) as gate:
        arns = {"Project": _project(gate, project)}
        for part in parts:
            lines = _lines(gate, part, folder, form or format_of(part, folder), name, project)
            key = f"{project}-{part.type.value.lower()}.manifest"
            gate.parts.stores.objects.write(name, key, (f"{line}\n".encode() for line in lines))
            arns[part.type.value.capitalize()] = _dataset(gate, arns["Project"], part.type.value, name, key)
        if distribute:
            arns["Test"] = _distribute(gate, arns["Project"], arns["Train"])
        told = {one: _described(gate, arns[one]) for one in ("Train", "Test") if one in arns}
    if as_json:
        print_json(arns)
        return
    for one, described in told.items():
        _say_dataset(one, described)
    say(f"The project is {arns['Project']}.")


@app.command("check")
def check(
    manifest: Annotated[Path, typer.Argument(help="A manifest, JSON lines as Ground Truth writes them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False,
) -> None:
    """Name every fault of a manifest with its line, before it is uploaded. Exits with 1 for an error."""
    try:
        with manifest.open("rb") as file:
            found = check_manifest(file)
    except OSError as error:
        raise RegardError(f"{manifest} can't be read: {error.strerror}.") from error
    if as_json:
        print_json(_as_json(found))
    else:
        _say_faults(found)
    if found.has_error:
        raise typer.Exit(1)


def _project(gate: LocalGate, name: str) -> str:
    """The ARN of a project, which is made where there is none."""
    found = gate.call("describe_projects", ProjectNames=[name])["ProjectDescriptions"]
    arn: str = (
        found[0]["ProjectArn"] if found else gate.call("create_project", ProjectName=name)["ProjectArn"]
    )
    return arn


def _dataset(gate: LocalGate, project: str, kind: str, bucket: str, key: str) -> str:
    source = {"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": key}}}
    made = gate.call("create_dataset", ProjectArn=project, DatasetType=kind, DatasetSource=source)
    return str(made["DatasetArn"])


def _distribute(gate: LocalGate, project: str, train: str) -> str:
    """The ARN of a new test set, with a fifth of the training set."""
    if _described(gate, train)["Status"].endswith("_IN_PROGRESS"):
        raise RegardError(
            f"A worker goes on making the training set {train}; when DescribeDataset says CREATE_COMPLETE, "
            "make a test set and call DistributeDatasetEntries."
        )
    test: str = gate.call("create_dataset", ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    gate.call("distribute_dataset_entries", Datasets=[{"Arn": train}, {"Arn": test}])
    return test


def _described(gate: LocalGate, dataset: str) -> dict[str, Any]:
    described: dict[str, Any] = gate.call("describe_dataset", DatasetArn=dataset)["DatasetDescription"]
    if described["Status"].endswith("_FAILED"):
        raise RegardError(described["StatusMessage"])
    return described


def _lines(
    gate: LocalGate, part: ExampleFolder, root: Path, form: FolderFormat, bucket: str, project: str
) -> Iterator[str]:
    """The lines of a manifest; a picture that is in another place than the bucket's is copied on the way."""
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    served = parse_folders(gate.parts.settings.buckets).get(bucket)
    for example in read_folder(part, root, form):
        reference = f"s3://{bucket}/{_key(gate, example, root, bucket, served, project)}"
        if example.boxes is not None and example.size is not None:
            yield boxes_line(reference, example.boxes, example.size, created)
        else:
            yield labels_line(reference, example.labels, created)


def _key(
    gate: LocalGate, example: Example, root: Path, bucket: str, served: Path | None, project: str
) -> str:
    """The key of a picture in the bucket."""
    file = example.file.resolve()
    if served is not None and file.is_relative_to(served.resolve()):
        return file.relative_to(served.resolve()).as_posix()
    key = f"{project}/{example.file.relative_to(root).as_posix()}"
    gate.parts.stores.objects.write(bucket, key, _pieces(file))
    return key


def _pieces(file: Path) -> Iterable[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            yield piece


def _say_dataset(name: str, described: dict[str, Any]) -> None:
    if described["Status"].endswith("_IN_PROGRESS"):
        say(f"{name}: a worker goes on making it; DescribeDataset tells how it stands.")
        return
    stats = described["DatasetStats"]
    say(
        f"{name}: {count(stats['TotalEntries'], 'picture')}, {stats['LabeledEntries']:,} with labels, "
        f"{count(stats['TotalLabels'], 'label')}, {count(stats['ErrorEntries'], 'line')} with errors."
    )


def _say_faults(found: CheckedManifest) -> None:
    for one in found.faults[:_SHOWN]:
        place = f" {one.fault.place}" if one.fault.place else ""
        say(f"line {one.line}{place}: {one.fault.code.value} {one.fault.message}")
    if len(found.faults) > _SHOWN or found.is_cut_off:
        more = "more than " if found.is_cut_off else ""
        say(f"… and {more}{count(len(found.faults) - _SHOWN, 'more fault')}.")
    for sentence in found.refusals:
        say(sentence)
    say(
        f"{count(found.lines, 'line')}: {found.usable:,} can be trained on, {found.unlabelled:,} wait for a "
        f"label, {found.invalid:,} are invalid, {found.useless:,} are of no use."
    )


def _as_json(found: CheckedManifest) -> dict[str, Any]:
    return {
        "lines": found.lines,
        "usable": found.usable,
        "unlabelled": found.unlabelled,
        "invalid": found.invalid,
        "useless": found.useless,
        "faults": [{"line": one.line, "place": one.fault.place, **one.fault.told} for one in found.faults],
        "refusals": list(found.refusals),
    }
