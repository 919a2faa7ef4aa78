"""`regard custom train` and what comes after it: versions of projects, trained and used from the shell."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, DataFolder, joined_buckets, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.cli.progress import share_bar
from regard.custom.version_records import READY
from regard.errors import RegardError, ServiceError
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.packs.install import InstalledPack
from regard.presentation.training.drawing import draw_custom_labels
from regard.presentation.training.tables import adapter_table, evaluation_table, found_table
from regard.presentation.wording import count
from regard.settings import Settings
from regard.vision.custom.box_file import StoredBoxModel, write_whole_box_model
from regard.vision.custom.carried import CarriedCard, with_card
from regard.vision.custom.model_file import StoredLabelModel, write_whole_model
from regard.vision.custom.tuned_boxes import TunedBoxModel
from regard.vision.custom.tuned_labels import TUNED_SIDE, TunedLabelModel

_POLL_SECONDS: Final = 0.3
_SIDES: Final = {StoredLabelModel: 224, TunedLabelModel: TUNED_SIDE, StoredBoxModel: 512}  # px
_PICTURES: Final = (".jpg", ".jpeg", ".png")
_UNTIL: Final = ("TRAINING_COMPLETED", "TRAINING_FAILED")

Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="The version's name.")]
Buckets = Annotated[
    list[str] | None, typer.Option("--bucket", help="NAME=FOLDER: a folder served as bucket NAME.")
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence", min=0, max=100, help="In percent, in place of each label's assumed threshold."
    ),
]


def train(
    project: Project,
    version: Version,
    output: Annotated[
        str, typer.Option("--output", metavar="BUCKET/PREFIX", help="Where model, report and summaries go.")
    ],
    training: Annotated[
        str | None,
        typer.Option("--training", metavar="BUCKET/KEY", help="Manifest of the training pictures."),
    ] = None,
    testing: Annotated[
        str | None,
        typer.Option("--testing", metavar="BUCKET/KEY", help="That of the test pictures; else a fifth."),
    ] = None,
    adapter: Annotated[
        bool,
        typer.Option("--adapter", help="Train an adapter of moderation; its project is made if missing."),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Percent, from which on an adapter's base says a label."),
    ] = None,
    bucket: Buckets = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Train a version: on the project's data sets, or on manifests. Ends when it is trained."""
    request: dict[str, Any] = {"VersionName": version, "OutputConfig": _output(output)}
    if threshold is not None:
        request["FeatureConfig"] = {"ContentModeration": {"ConfidenceThreshold": threshold}}
    if training is not None:
        request["TrainingData"] = _assets(training)
        request["TestingData"] = {"AutoCreate": True} if testing is None else _assets(testing)
    elif testing is not None:
        raise RegardError("--testing goes with --training.")
    with local_gate(data, existing=not adapter, **bucket_settings(bucket)) as gate:
        if adapter and not _found(gate, project):
            gate.call("create_project", ProjectName=project, Feature="CONTENT_MODERATION")
        arn = project_arn(gate, project)
        gate.call("create_project_version", ProjectArn=arn, **request)
        described = _followed(gate, arn, version, hidden=quiet or as_json)
    if as_json:
        print_json(described)
        return
    if described["Status"] != "TRAINING_COMPLETED":
        raise RegardError(f"{described['Status']}: {described['StatusMessage']}")
    result = described["EvaluationResult"]
    say(f"Trained in {described['BillableTrainingTimeInSeconds']} s; F1 {result['F1Score']:.3f}.")
    where = result["Summary"]["S3Object"]
    written = "The model is" if "Feature" in described else "Report and model are"
    say(f"{written} beside {where['Bucket']}/{where['Name']}.")
    if described["StatusMessage"] != READY:
        say(described["StatusMessage"].removeprefix(f"{READY} "))


def evaluate(
    project: Project,
    version: Version,
    bucket: Buckets = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Show how a version fares on its test pictures, label by label."""
    with local_gate(data, existing=True, has_models=False, **bucket_settings(bucket)) as gate:
        described = described_version(gate, project_arn(gate, project), version)
        if "EvaluationResult" not in described:
            raise RegardError(f"{version} is {described['Status']}: {described['StatusMessage']}")
        if "Summary" not in described["EvaluationResult"]:
            raise RegardError(
                f"{version} has no summary: it was gone from its bucket when it was copied, or stayed in "
                "the installation that the version was taken from."
            )
        where = described["EvaluationResult"]["Summary"]["S3Object"]
        content = gate.parts.stores.objects.read(where["Bucket"], where["Name"], None, limit=100_000_000)
    summary = json.loads(content)
    if as_json:
        print_json(summary)
        return
    if "ContentModeration" in summary:
        print_table(adapter_table(summary))
        say(f"F1 {summary['AggregatedEvaluationResults']['F1Score']:.3f} with the adapter.")
        return
    print_table(evaluation_table(summary))
    details = summary["EvaluationDetails"]
    say(
        f"F1 {summary['AggregatedEvaluationResults']['F1Score']:.3f} on "
        f"{count(details['NumberOfTestingImages'], 'test picture')}, "
        f"trained on {details['NumberOfTrainingImages']:,}."
    )


def detect(
    project: Project,
    version: Version,
    files: Annotated[list[Path], typer.Argument(help="JPEG and PNG files, and folders of them.")],
    min_confidence: MinConfidence = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Say what a running version finds in pictures."""
    params = {} if min_confidence is None else {"MinConfidence": min_confidence}
    found = []
    with local_gate(data, existing=True) as gate:
        arn = described_version(gate, project_arn(gate, project), version)["ProjectVersionArn"]
        for file in _pictures(files):
            answer = gate.call(
                "detect_custom_labels", ProjectVersionArn=arn, Image={"Bytes": read_picture(file)}, **params
            )
            found.append((str(file), answer["CustomLabels"]))
    if as_json:
        print_json([{"File": file, "CustomLabels": labels} for file, labels in found])
        return
    print_table(found_table(found))
    say(f"{count(sum(bool(labels) for _, labels in found), 'picture')} of {len(found)} with a label.")


def try_(
    project: Project,
    version: Version,
    folder: Annotated[Path, typer.Argument(exists=True, help="A picture, or a folder of them.")],
    drawing: Annotated[
        Path | None, typer.Option("--draw", metavar="FOLDER", help="Write the pictures there, with labels.")
    ] = None,
    min_confidence: MinConfidence = None,
    data: DataFolder = None,
) -> None:
    """Try a version on a folder of pictures. One that doesn't run is started for it, and stopped again."""
    params = {} if min_confidence is None else {"MinConfidence": min_confidence}
    pictures = _pictures([folder])
    if drawing is not None:
        drawing.mkdir(parents=True, exist_ok=True)
    found = []
    with (
        local_gate(data, existing=True) as gate,
        running_version(gate, project, version) as arn,
        share_bar(hidden=False) as progress,
    ):
        task = progress.add_task("Trying", total=len(pictures), rate="")
        for file in pictures:
            picture = read_picture(file)
            request = {"ProjectVersionArn": arn, "Image": {"Bytes": picture}, **params}
            try:
                labels = gate.call("detect_custom_labels", **request)["CustomLabels"]
            except ServiceError as error:
                say(f"{file}: {error.message}", on_stderr=True)
                continue
            finally:
                progress.advance(task)
            found.append((str(file), labels))
            if drawing is not None:
                draw_custom_labels(picture, labels, drawing / f"{len(found):05}-{file.stem}.jpg")
    print_table(found_table(found))
    say(f"{count(sum(bool(labels) for _, labels in found), 'picture')} of {len(found)} with a label.")


def export(
    project: Project,
    version: Version,
    file: Annotated[Path, typer.Argument(help="The ONNX file to write.")],
    data: DataFolder = None,
) -> None:
    """Write a version's model as an ONNX file that reads pictures by itself, to be used anywhere, and that
    `regard custom take` makes a version of in another installation."""
    with local_gate(data, existing=True) as gate:
        described = described_version(gate, project_arn(gate, project), version)
        custom = gate.parts.stores.custom
        kept = custom.versions.get(described["ProjectVersionArn"])
        if kept.model is None:
            raise RegardError(f"{version} is {described['Status']}: {described['StatusMessage']}")
        if kept.is_adapter:
            raise RegardError(f"{version} is an adapter; its ONNX file is in its output bucket.")
        content, stored = custom.models.get(kept.model), custom.opened.get(kept.model)
        settings = gate.parts.settings
    if not isinstance(stored, TunedBoxModel | TunedLabelModel):
        pack = InstalledPack.load(settings.pack, settings.models)
        backbone = pack.path(stored.backbone.network).read_bytes()
        if hashlib.sha256(backbone).hexdigest() != stored.backbone.digest:
            raise RegardError(f"{version} was trained with another model pack; train it again.")
        content = _whole(stored, backbone)
    card = CarriedCard(
        model=kept.model,
        arn=described["ProjectVersionArn"],
        version=version,
        f1=kept.f1 or 0.0,
        trained=kept.ended or 0,
    )
    try:
        file.write_bytes(with_card(content, card))
    except OSError as error:
        raise RegardError(f"{file} can't be written: {error.strerror}.") from error
    side = stored.side if isinstance(stored, TunedBoxModel) else _SIDES[type(stored)]
    say(f"Wrote {file}: {count(len(stored.thresholds), 'label')}, for pictures of {side} x {side} pixels.")


def _whole(stored: StoredLabelModel | StoredBoxModel, backbone: bytes) -> bytes:
    if isinstance(stored, StoredBoxModel):
        return write_whole_box_model(stored, backbone)
    return write_whole_model(stored, backbone)


def start(project: Project, version: Version, data: DataFolder = None) -> None:
    """Have a version run, so that it answers."""
    with local_gate(data, existing=True) as gate:
        arn = described_version(gate, project_arn(gate, project), version)["ProjectVersionArn"]
        gate.call("start_project_version", ProjectVersionArn=arn, MinInferenceUnits=1)
    say(f"{version} of {project} is running.")


def stop(project: Project, version: Version, data: DataFolder = None) -> None:
    """Stop a version that runs, or that is being trained."""
    with local_gate(data, existing=True, has_models=False) as gate:
        arn = described_version(gate, project_arn(gate, project), version)["ProjectVersionArn"]
        gate.call("stop_project_version", ProjectVersionArn=arn)
    say(f"{version} of {project} was stopped.")


def _followed(gate: LocalGate, project_arn: str, version: str, *, hidden: bool) -> dict[str, Any]:
    """The version once it is trained, by a worker that there is or else by this process."""
    with _worker(gate), share_bar(hidden=hidden) as progress:
        task = progress.add_task("Training", total=1, rate="")
        while (described := described_version(gate, project_arn, version))["Status"] not in _UNTIL:
            job = gate.parts.stores.custom.versions.get(described["ProjectVersionArn"]).job_id
            found = gate.parts.stores.jobs.find(job)
            message = described["StatusMessage"].removeprefix("Training: ")
            progress.update(
                task, completed=found.progress if found else 0.0, rate="" if found is None else message
            )
            time.sleep(_POLL_SECONDS)
        progress.update(task, completed=1, rate="")
    return described


@contextmanager
def running_version(gate: LocalGate, project: str, version: str) -> Iterator[str]:
    """The ARN of a version that runs meanwhile."""
    described = described_version(gate, project_arn(gate, project), version)
    arn, runs = str(described["ProjectVersionArn"]), described["Status"] == "RUNNING"
    if not runs:
        gate.call("start_project_version", ProjectVersionArn=arn, MinInferenceUnits=1)
    try:
        yield arn
    finally:
        if not runs:
            gate.call("stop_project_version", ProjectVersionArn=arn)


@contextmanager
def _worker(gate: LocalGate) -> Iterator[None]:
    """A worker of this process, beside those that a server may have."""
    settings, stop = gate.parts.settings, threading.Event()
    jobs = gate.parts.stores.jobs
    leases = JobLeases(jobs, seconds=settings.job_lease, attempts=settings.job_attempts)
    worker = Worker(jobs, leases, lambda: gate.parts.gate, lease_seconds=settings.job_lease)
    thread = threading.Thread(target=worker.run, args=(stop,), name="worker")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def project_arn(gate: LocalGate, name: str) -> str:
    """Raises RegardError where there is no project of that name."""
    found = _found(gate, name)
    if not found:
        raise RegardError(f"There is no project {name}; `regard custom import` makes one.")
    return str(found[0]["ProjectArn"])


def _found(gate: LocalGate, name: str) -> list[dict[str, Any]]:
    """The project of a name, be it of labels or of adapters; none where there is none."""
    described: list[dict[str, Any]] = gate.call(
        "describe_projects", ProjectNames=[name], Features=["CUSTOM_LABELS", "CONTENT_MODERATION"]
    )["ProjectDescriptions"]
    return described


def described_version(gate: LocalGate, project_arn: str, version: str) -> dict[str, Any]:
    """Raises RegardError where the project has no such version."""
    found: list[dict[str, Any]] = gate.call(
        "describe_project_versions", ProjectArn=project_arn, VersionNames=[version]
    )["ProjectVersionDescriptions"]
    if not found:
        raise RegardError(f"The project has no version {version}.")
    return found[0]


def _output(text: str) -> dict[str, str]:
    bucket, _, prefix = text.partition("/")
    return {"S3Bucket": bucket} | ({"S3KeyPrefix": prefix} if prefix else {})


def bucket_settings(given: list[str] | None) -> dict[str, Any]:
    """The settings with the folders that a command names as buckets, into which it may write too."""
    if not given:
        return {}
    settings, named = Settings.load(), [one.partition("=")[0] for one in given]
    return {
        "buckets": ",".join(filter(None, (settings.buckets, joined_buckets(given)))),
        "output_buckets": ",".join(filter(None, (settings.output_buckets, *named))),
    }


def _assets(text: str) -> dict[str, Any]:
    bucket, slash, key = text.partition("/")
    if not (bucket and slash and key):
        raise RegardError(f"A manifest is named as BUCKET/KEY, not {text!r}.")
    return {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": bucket, "Name": key}}}]}


def _pictures(files: list[Path]) -> list[Path]:
    """The files, and those in folders, by name. Raises RegardError where there are none."""
    found: list[Path] = []
    for one in files:
        inside = sorted(path for path in one.rglob("*") if path.suffix.lower() in _PICTURES)
        found += inside if one.is_dir() else [one]
    if not found:
        raise RegardError("There is no JPEG or PNG.")
    return found


VERSION_COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "train": train,
    "evaluate": evaluate,
    "start": start,
    "stop": stop,
    "detect": detect,
    "try": try_,
    "export": export,
}
"""The commands of `regard custom` on versions, by their names."""
