"""Whether a worker listens for whoever reads its figures."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from regard.measurements import Measurements
from regard.settings import Settings


def telling(
    settings: Settings, measurements: Measurements, *, attached: bool
) -> AbstractContextManager[None]:
    """Tells the figures of this worker meanwhile, where the settings say at which port. One that a server has
    started, `attached`, tells none: they have one environment, and would all take the same port.

    Raises RegardError where it can't listen there.
    """
    if attached or not settings.worker_metrics:
        return nullcontext()
    from regard.wire.worker_figures import worker_figures  # Prometheus's client and a server

    return worker_figures(settings.worker_metrics, settings.metrics_token, measurements)
