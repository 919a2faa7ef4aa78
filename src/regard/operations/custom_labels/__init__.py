"""Custom labels: projects, their policies, and the data sets that are trained on."""

from __future__ import annotations

from regard.operations.custom_labels import (
    carrying,
    copying,
    creating,
    datasets,
    detecting,
    entries,
    policies,
    projects,
    versions,
)

OPERATIONS = (
    *projects.OPERATIONS,
    *datasets.OPERATIONS,
    *entries.OPERATIONS,
    *policies.OPERATIONS,
    *creating.OPERATIONS,
    *copying.OPERATIONS,
    *carrying.OPERATIONS,
    *versions.OPERATIONS,
    *detecting.OPERATIONS,
)
