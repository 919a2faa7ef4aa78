"""Rates of error as people read them: one in so many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from regard.console.languages import msgid

_WORDS: Final = (
    msgid("gender"),
    msgid("race"),
    msgid("age"),
    msgid("female"),
    msgid("male"),
    msgid("the same people"),
    msgid("under 18"),
    msgid("60 and over"),
)
"""Of the cards that come with Regard: what has translations. Sets of pictures keep their names."""


def shown_models(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The models of GetErrorRates for the page, the one of new collections first."""
    models = sorted(answer["FaceModels"], key=lambda one: not one["IsDefault"])
    return [_model(one) for one in models]


def _model(one: Mapping[str, Any]) -> dict[str, Any]:
    tables = groupby(one["Groups"], key=lambda group: (group["Column"], group["Data"]))
    return {
        "version": one["FaceModelVersion"],
        "is_default": one["IsDefault"],
        "data": one["Data"],
        "people": one["People"],
        "pairs": one["Pairs"],
        "rates": _rates(one["Rates"]),
        "groups": [_table(column, data, list(groups)) for (column, data), groups in tables],
        "attributes": one["Attributes"],
        "sentences": [*one["Method"], *one["Limits"]],
    }


def _table(column: str, data: str, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "column": column,
        "data": data,
        "thresholds": [rate["Threshold"] for rate in groups[0]["Rates"]],
        "groups": [
            {"name": group["Name"], "people": group["People"], "rates": _rates(group["Rates"])}
            for group in groups
        ],
    }


def _rates(rates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for one in rates:
        measured, matched = one["FalseMatchRate"], one.get("TrueMatchRate")
        made.append(
            {
                "threshold": one["Threshold"],
                "one_in": one_in(measured["Value"]),
                "often": one_in(measured["High"]),
                "seldom": one_in(measured["Low"]),
                "is_extrapolated": measured["Extrapolated"],
                "missed": None if matched is None else 1 - matched["Value"],
            }
        )
    return made


def one_in(rate: float) -> int:
    """How many pairs one of them is, to two digits; a rate of 0 is 0, since of that many none was seen."""
    if rate <= 0:
        return 0
    many = 1 / rate
    digits = len(str(int(many))) - 2
    return int(round(many, -digits)) if digits > 0 else round(many)
