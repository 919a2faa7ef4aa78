"""Audits as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from regard.evaluation.bias import BiasAudit
from regard.evaluation.comparing import group_rates
from regard.evaluation.watchlist import WatchlistAudit
from regard.presentation.audits.verdicts import bias_verdicts, watchlist_verdicts

# Names that a record has had longer than the code: who reads one finds them.
_MEMBERS = {"nearest_strangers": "most_alike", "ratio_bound": "at_least"}


def bias_record(audit: BiasAudit) -> dict[str, Any]:
    """What was measured, which groups differ most in what, and the verdicts. Rates are shares, 0 to 1."""
    compared = [
        {
            "column": found.column,
            "measure": found.measure,
            "threshold": found.threshold,
            **plain(found.comparison),
            "real": found.comparison.is_real,
        }
        for column in audit.columns
        for found in group_rates(column, audit.thresholds)
        if found.comparison is not None
    ]
    return {**plain(audit), "comparisons": compared, "verdicts": bias_verdicts(audit)}


def watchlist_record(audit: WatchlistAudit) -> dict[str, Any]:
    return {**plain(audit), "verdicts": watchlist_verdicts(audit)}


def plain(value: Any) -> Any:
    """Dataclasses as objects, thresholds as names, infinity as null."""
    if is_dataclass(value):
        return {
            _MEMBERS.get(field.name, field.name): plain(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, Mapping):
        return {f"{key:g}" if isinstance(key, float) else key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
