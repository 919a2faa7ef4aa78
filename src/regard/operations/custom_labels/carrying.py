"""ImportProjectVersion: a version that was trained in another installation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from regard.context import Context
from regard.custom.records import ProjectFeature
from regard.custom.resources import is_version, resource_of, version_resource
from regard.custom.version_records import Made, NewVersion, VersionStatus
from regard.errors import RegardError
from regard.governance.permissions import Permission
from regard.operations.custom_subjects import custom_arn
from regard.operations.operation import Area, Operation
from regard.operations.subjects import PROJECT
from regard.packs.install import InstalledPack
from regard.storage.clock import milliseconds
from regard.vision.custom.carried import MAX_BYTES, CarriedModel, read_carried
from regard.vision.custom.onnx_file import Backbone, ModelFileError

_VERSION_NAME: Final = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")
_USE_CASES: Final = {False: "IMAGE_LEVEL_LABELS", True: "OBJECT_LOCALIZATION"}


def import_project_version(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a version of the model in a file that `regard custom export` wrote.

    `File` is its path; `VersionName` that of the new version, None for the name that it had. The version is
    COPYING_COMPLETED, with the ARN that it was exported from, and can be started. Raises RegardError for a
    file that is damaged, or whose base network isn't this installation's, and ResourceInUseException.
    """
    project, file = ctx.project, request["File"]
    if project.feature is not ProjectFeature.CUSTOM_LABELS:
        raise RegardError(f"{project.name} is a project of adapters, which aren't carried: train them here.")
    carried = _read(ctx, file)
    name = request.get("VersionName") or carried.card.version
    if not _VERSION_NAME.fullmatch(name):
        raise RegardError("A version's name has 1 to 255 letters, digits, dots, hyphens and underscores.")
    models, now = ctx.stores.custom.models, milliseconds()
    _check_backbone(ctx, carried)
    _check_opens(ctx, models.put(carried.content), file)
    new = NewVersion(
        resource=version_resource(project.name, name, now),
        project=project.row,
        name=name,
        created=now,
        caller=ctx.caller,
        request={"VersionName": name, "Datasets": {}},
        status=VersionStatus.COPYING_IN_PROGRESS,
        source_arn=_source(carried.card.arn),
    )
    version = ctx.stores.custom.versions.take(new, _made(carried, now))
    return {
        "ProjectVersionArn": custom_arn(ctx.settings, version.resource),
        "VersionName": name,
        "Labels": len(carried.names),
        "F1Score": carried.card.f1,
        "ModelDigest": carried.digest,
        "Name": file.name,
    }


def _read(ctx: Context, file: Path) -> CarriedModel:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise RegardError(f"{file} is no exported version: those have {MAX_BYTES >> 20} MiB at most.")
    try:
        return read_carried(data, lambda backbone: _network(ctx, backbone))
    except ModelFileError as error:
        raise RegardError(f"{file} can't be taken in. {error}") from error


def _check_opens(ctx: Context, digest: str, file: Path) -> None:
    """Raises RegardError where a stored model doesn't open, and so is no version; the upkeep erases it."""
    try:
        ctx.stores.custom.opened.get(digest)
    except (ModelFileError, ValueError) as error:
        raise RegardError(f"{file} can't be taken in: its model doesn't open. Export it again.") from error


def _network(ctx: Context, backbone: Backbone) -> bytes:
    """The file of this installation's network of that name. Raises ModelFileError where it is another than
    the model was trained with, and PackError where the pack is damaged.
    """
    pack = InstalledPack.load(ctx.settings.pack, ctx.settings.models)
    own = {ctx.models.features.digest, ctx.models.cells.digest}
    if backbone.network not in pack.files or backbone.digest not in own:
        raise ModelFileError(
            "Its base network isn't the one that is installed here: both installations need the same model "
            "pack. Install that of the other one, or train the version here."
        )
    return pack.path(backbone.network).read_bytes()


def _check_backbone(ctx: Context, carried: CarriedModel) -> None:
    """Raises RegardError where a model's base is the other one of the two that there are."""
    base = ctx.models.cells if carried.has_boxes else ctx.models.features
    if carried.backbone.digest != base.digest:
        raise RegardError("The file's weights are of another base network. Export the version again.")


def _source(arn: str) -> str | None:
    """The ARN that a version was exported from, or None where that is none."""
    resource = resource_of(arn)
    return arn if resource is not None and is_version(resource) else None


def _made(carried: CarriedModel, now: int) -> Made:
    return Made(
        training={},
        testing={},
        f1=carried.card.f1,
        summary=None,
        manifest_summary=None,
        use_case=_USE_CASES[carried.has_boxes],
        model=carried.digest,
        backbone=carried.backbone.digest,
        billable_ms=None,
        ended=min(carried.card.trained, now),
    )


OPERATIONS = (
    Operation(
        name="ImportProjectVersion",
        run=import_project_version,
        area=Area.CUSTOM_LABELS,
        permission=Permission.TRAIN,
        about=PROJECT,
        notes=("Name", "VersionName", "ProjectVersionArn", "ModelDigest"),
        is_own=True,
        is_local=True,
    ),
)
