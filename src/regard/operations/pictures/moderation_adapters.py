"""Adapters of content moderation, as requests name them: what they are, and what they make of an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from regard.context import Context
from regard.custom.resources import not_found
from regard.custom.version_records import ProjectVersion, VersionStatus
from regard.errors import InvalidParameterException, ResourceNotReadyException
from regard.governance import policy
from regard.governance.permissions import Permission
from regard.operations.custom_subjects import subject_in_project
from regard.operations.pictures.moderation_taxonomy import expanded
from regard.packs.manifest import PackError
from regard.vision.custom.adapter import ModerationAdapter
from regard.vision.models import Models
from regard.vision.pixels import Floats

MODERATE: Final = ("rekognition:DetectModerationLabels", Permission.ANALYZE)
MODERATE_MANY: Final = ("rekognition:StartMediaAnalysisJob", Permission.START_JOBS)


@dataclass(frozen=True, eq=False, slots=True)
class ChosenAdapter:
    """An adapter, and the ARN that answers name it by."""

    arn: str
    adapter: ModerationAdapter

    def corrected(self, said: Mapping[str, float], features: Floats) -> dict[str, float]:
        """The confidences of labels, percent, in place of those that the base says; labels above them not
        among them. `features` are those of the same picture.
        """
        fixed = self.adapter.confidences(expanded(said), features)
        return {name: sure for name, sure in said.items() if name not in fixed} | fixed


def find_adapter(ctx: Context, arn: str | None, action: tuple[str, Permission]) -> ChosenAdapter | None:
    """The adapter of an ARN; None where none is named, or where it has expired for this server's models.
    While it is trained anew for those of another server, the one of before answers where its models are.

    Raises AccessDeniedException where the caller may not do `action` with it, ResourceNotFoundException,
    InvalidParameterException for what is no adapter, and ResourceNotReadyException for one that isn't
    trained.
    """
    if arn is None:
        return None
    with ctx.stores.database.read() as connection:
        subject = subject_in_project(arn, connection, ctx.settings)
    version = None if subject is None else subject.project_version
    named = arn if subject is None else subject.arn
    name, permission = action
    policy.check(ctx.caller, permission, name, named, account=ctx.settings.account)
    if version is None:
        raise not_found(arn)
    if not version.is_adapter:
        raise InvalidParameterException(
            f"Request has invalid parameters: {version.name} is a model of custom labels, and no adapter"
        )
    if version.status is not VersionStatus.TRAINING_COMPLETED and not version.is_retrained:
        raise ResourceNotReadyException(f"The adapter {version.name} is {version.status.value}.")
    if has_expired(version, ctx.models):
        return None
    stored = ctx.stores.custom.adapters.get(str(version.model))
    return ChosenAdapter(named, stored.adapter)


def base_digest(models: Models) -> str | None:
    """SHA-256 of what an adapter corrects and of what it reads, hex; None where they aren't there, or are
    damaged, as who asks them is told.
    """
    try:
        both = f"{models.nudity.digest}{models.features.digest}"
    except (KeyError, PackError):
        return None
    return hashlib.sha256(both.encode("ascii")).hexdigest()


def has_expired(version: ProjectVersion, models: Models) -> bool:
    """Whether this server's models are others than those of a trained adapter, so that what it learned is
    worth nothing here; one that is trained anew is what it was before until that is done.
    """
    is_trained = version.status is VersionStatus.TRAINING_COMPLETED or version.is_retrained
    return is_trained and base_digest(models) not in (None, version.backbone)
