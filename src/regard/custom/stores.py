"""Everything that is kept of custom labels."""

from __future__ import annotations

from dataclasses import dataclass

from regard.custom.datasets import Datasets
from regard.custom.entries import Entries
from regard.custom.policies import ProjectPolicies
from regard.custom.projects import Projects
from regard.custom.tagging import ProjectTags
from regard.storage.database import Database


@dataclass(frozen=True, slots=True)
class CustomLabels:
    """Projects of custom labels, and what is in them; built once, in `regard.app`."""

    projects: Projects
    policies: ProjectPolicies
    datasets: Datasets
    entries: Entries
    tags: ProjectTags

    @classmethod
    def of(cls, database: Database) -> CustomLabels:
        """Those of one database."""
        return cls(
            projects=Projects(database),
            policies=ProjectPolicies(database),
            datasets=Datasets(database),
            entries=Entries(database),
            tags=ProjectTags(database),
        )
