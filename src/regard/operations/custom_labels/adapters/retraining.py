"""Training adapters anew, of projects with AutoUpdate, once the models that they correct are others."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from regard.custom.version_records import ProjectVersion
from regard.errors import LimitExceededException
from regard.jobs.records import NewJob
from regard.operations.custom_subjects import custom_arn
from regard.operations.pictures.moderation_adapters import base_digest
from regard.settings import Settings
from regard.storage.backend import Turn
from regard.stores import Stores
from regard.vision.models import Models

_TRAINING: Final = "create_project_version"
_ASKED: Final = (
    "ProjectArn",
    "VersionName",
    "OutputConfig",
    "TrainingData",
    "TestingData",
    "KmsKeyId",
    "FeatureConfig",
    "Tags",
    "VersionDescription",
)
"""What a request for a version has; what is kept of it has more."""


def retrain_outdated(stores: Stores, settings: Settings, models: Models, now: int) -> int:
    """Begins to train those anew, on the manifests that they were trained on, each with a record of it;
    answers how many. A training and its record begin in one transaction.

    An adapter is trained once for each base, so that two servers with different models don't take turns, and
    what has failed isn't tried for ever. What is over the limit of trainings waits for the next time.
    """
    base = base_digest(models)
    if base is None:
        return 0
    begun = 0
    for version in stores.custom.versions.outdated(base):
        try:
            begun += _retrain(stores, settings, version, base, now)
        except LimitExceededException:
            break
    return begun


def _retrain(stores: Stores, settings: Settings, version: ProjectVersion, base: str, now: int) -> bool:
    """Whether the training has begun: for whoever has made the version, and by the rights that they have."""
    versions = stores.custom.versions
    request: dict[str, Any] = {name: version.request[name] for name in _ASKED if name in version.request}
    job = NewJob(
        operation=_TRAINING,
        request=request,
        request_id=str(uuid.uuid4()),
        caller=version.created_by,
    )
    with versions.database.write(turn=(Turn.AUDIT, Turn.JOBS)) as connection:
        if not versions.retrain_within(connection, version, job, base):
            return False
        stores.audit.append_within(
            connection,
            {
                "time": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds"),
                "key": "upkeep",
                "operation": "RetrainAdapter",
                "version": custom_arn(settings, version.resource),
            },
        )
    return True
