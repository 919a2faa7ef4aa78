"""The table of docs/operate.md: what `/metrics` exports."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from prometheus_client.core import Metric

from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.followed import FollowedIndexes
from regard.governance.audit import AuditLog
from regard.governance.proof.seals import Seals
from regard.measurements import Measurements
from regard.metering.exposition import UsageFigures
from regard.settings import Settings
from regard.storage.database import Database
from regard.wire.lanes import Lanes
from regard.wire.measured_server import MeasuredServer
from regard.wire.process_figures import ProcessFigures
from regard.wire.readiness import Readiness
from regard.wire.work_figures import WorkFigures
from regard.wire.worker_figures import WorkerFigures

_OF = {
    ProcessFigures: "Each server's own",
    WorkerFigures: "Each worker's own, beside its networks, decoding and searching",
    WorkFigures: "Of the database: the same from every server",
    UsageFigures: "Of the audit log: the same from every server",
}


def metrics_table() -> str:
    """Every metric of Regard's own, with its type, its labels and what it says."""
    with tempfile.TemporaryDirectory() as named, closing(Database.open(Path(named))) as database:
        indexes = FollowedIndexes(database, FaceModels(FACE_MODELS))
        server = MeasuredServer(
            Measurements(), Lanes.of(Settings.load({})), indexes, database, Readiness(), Path(named)
        )
        seals = Seals(database, AuditLog(database), Path(named))
        lines: list[str] = []
        told: set[str] = set()
        for figures in (
            ProcessFigures(server),
            WorkerFigures(Measurements()),
            WorkFigures(database, seals),
            UsageFigures(database),
        ):
            lines += [
                "",
                f"**{_OF[type(figures)].capitalize()}**",
                "",
                "| metric | type | labels | |",
                "|---|---|---|---|",
            ]
            metrics = [metric for metric in figures.collect() if metric.name not in told]
            told |= {metric.name for metric in metrics}
            lines += [_row(metric) for metric in sorted(metrics, key=lambda one: one.name)]
        indexes.close()
    return "\n".join(lines).strip()


def _row(metric: Metric) -> str:
    suffix = {"counter": "_total", "info": "_info"}.get(metric.type, "")
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{metric.name}{suffix}` | {metric.type} | {labels} | {metric.documentation} |"
