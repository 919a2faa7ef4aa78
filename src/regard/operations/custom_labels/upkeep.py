"""What the upkeep does for custom labels."""

from __future__ import annotations

from regard.governance.upkeep import Task
from regard.operations.custom_labels.adapters.retraining import retrain_outdated
from regard.operations.custom_labels.running import count_running, remove_features, stop_idle
from regard.settings import Settings
from regard.stores import Stores
from regard.vision.models import Models


def upkeep_tasks(stores: Stores, settings: Settings, models: Models) -> tuple[Task, ...]:
    """Versions that run, adapters that have expired, and what nothing names any more."""
    return (
        Task("custom models without a version", stores.custom.models.erase_unnamed),
        Task("custom models that run", lambda now: count_running(stores, settings, now)),
        Task("custom models that nobody asks", lambda now: stop_idle(stores, settings, now)),
        Task("adapters of other models", lambda now: retrain_outdated(stores, settings, models, now)),
        Task("features of ended trainings", lambda now: remove_features(stores, settings, now)),
    )
