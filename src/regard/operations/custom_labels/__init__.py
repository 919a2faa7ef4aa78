"""Custom labels: projects, their policies, and the data sets that are trained on."""

from __future__ import annotations

from regard.operations.custom_labels import datasets, entries, policies, projects

OPERATIONS = (
    *projects.OPERATIONS,
    *datasets.OPERATIONS,
    *entries.OPERATIONS,
    *policies.OPERATIONS,
)
