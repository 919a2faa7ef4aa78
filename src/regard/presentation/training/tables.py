"""Evaluations and custom labels as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regard.presentation.tables import Breaks, Header, Table, numbers


def evaluation_table(summary: Mapping[str, Any]) -> Table:
    """An evaluation summary's labels, the worst first."""
    rows = [
        (
            one["Label"],
            f"{one['NumberOfTrainingImages']:,}",
            f"{one['NumberOfTestingImages']:,}",
            *(f"{one['Metrics'][name]:.3f}" for name in ("F1Score", "Precision", "Recall")),
            f"{100 * one['Metrics']['Threshold']:.0f} %",
        )
        for one in reversed(summary["LabelEvaluationResults"])
    ]
    heads = [
        Header("Label", Breaks.ANYWHERE),
        *numbers("Training", "Test", "F1", "Precision", "Recall", "Assumed from"),
    ]
    return Table(heads, rows)


def found_table(found: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> Table:
    """What was found in files: by file, its CustomLabels, the surest first."""
    rows = [
        (file, ", ".join(f"{one['Name']} {one['Confidence']:.1f} %" for one in labels))
        for file, labels in found
    ]
    return Table([Header("File", Breaks.ANYWHERE), Header("Labels")], rows)


def adapter_table(summary: Mapping[str, Any]) -> Table:
    """An adapter's evaluation at the threshold that it was trained for, label by label, beside its base."""
    at = summary["ContentModeration"]["InputConfidenceThresholdEvalResults"]
    counted = ("FalsePositive", "FalseNegative", "TruePositive")
    rows = [
        (one["Label"], *(f"{one[side][name]:,}" for name in counted for side in ("BaseModel", "Adapter")))
        for one in at["LabelEvaluationResults"]
    ]
    heads = [
        Header(f"From {at['ConfidenceThreshold']:g} %", Breaks.ANYWHERE),
        *numbers("False alarms", "adapted", "Missed", "adapted", "Found", "adapted"),
    ]
    return Table(heads, rows)
