"""Everything that is kept of custom labels."""

from __future__ import annotations

from dataclasses import dataclass

from regard.custom.datasets import Datasets
from regard.custom.entries import Entries
from regard.custom.models import CustomModels
from regard.custom.opened import OpenedModels
from regard.custom.policies import ProjectPolicies
from regard.custom.projects import Projects
from regard.custom.tagging import ProjectTags
from regard.custom.units import InferenceUnits
from regard.custom.versions import ProjectVersions
from regard.jobs.store import JobStore
from regard.storage.database import Database
from regard.vision.custom.adapter_file import StoredAdapter, read_adapter
from regard.vision.custom.box_file import StoredBoxModel
from regard.vision.custom.model_file import ModelFileError, StoredLabelModel
from regard.vision.custom.recent import RecentFeatures
from regard.vision.custom.tuned_boxes import TunedBoxModel, open_boxes
from regard.vision.custom.tuned_labels import TunedLabelModel, open_labels

CustomModel = StoredLabelModel | TunedLabelModel | StoredBoxModel | TunedBoxModel


@dataclass(frozen=True, slots=True)
class CustomLabels:
    """Projects of custom labels, and what is in them; built once, in `regard.app`."""

    projects: Projects
    policies: ProjectPolicies
    datasets: Datasets
    entries: Entries
    tags: ProjectTags
    versions: ProjectVersions
    models: CustomModels
    opened: OpenedModels[CustomModel]
    recent: RecentFeatures
    units: InferenceUnits
    adapters: OpenedModels[StoredAdapter]

    @classmethod
    def of(cls, database: Database, jobs: JobStore, *, trainings: int) -> CustomLabels:
        """Those of one database; `trainings` is how many may be under way at once."""
        models = CustomModels(database)
        return cls(
            projects=Projects(database),
            policies=ProjectPolicies(database),
            datasets=Datasets(database),
            entries=Entries(database),
            tags=ProjectTags(database),
            versions=ProjectVersions(database, jobs, limit=trainings),
            models=models,
            opened=OpenedModels(models.get, _opened),
            recent=RecentFeatures(),
            units=InferenceUnits(),
            adapters=OpenedModels(models.get, read_adapter),
        )


def _opened(content: bytes) -> CustomModel:
    """A model of any kind. Raises ModelFileError."""
    try:
        return open_labels(content)
    except ModelFileError:
        return open_boxes(content)
