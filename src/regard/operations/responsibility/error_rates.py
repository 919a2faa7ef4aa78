"""GetErrorRates: what the face models of this server were measured to get wrong, and on whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from regard.context import Context
from regard.errors import RegardError
from regard.evaluation.card import AtThreshold, AttributeMetric, Measured, ModelCard
from regard.operations.operation import Area, Operation


def get_error_rates(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """The cards of the face models that are here, the newest last. A pack of one's own has none."""
    found = []
    for version in ctx.face_models.versions:
        try:
            card = ModelCard.load(ctx.settings.pack, version)
        except RegardError:  # no card: nothing is told rather than another model's numbers
            continue
        found.append(_model(card, is_default=version == ctx.face_models.default.version))
    return {"FaceModels": found}


def _model(card: ModelCard, *, is_default: bool) -> dict[str, Any]:
    return {
        "FaceModelVersion": card.model,
        "IsDefault": is_default,
        "Data": card.data,
        "Pictures": card.pictures,
        "People": card.people,
        "Pairs": card.pairs,
        "Rates": _rates(card.rates),
        "Groups": [
            {
                "Column": table.column,
                "Data": table.data,
                "Name": group.name,
                "People": group.people,
                "Pairs": group.pairs,
                "Rates": _rates(group.rates),
            }
            for table in card.groups
            for group in table.groups
        ],
        "Attributes": [_attribute(one) for one in card.attributes],
        "Method": list(card.method),
        "Limits": list(card.limits),
    }


def _rates(rates: Sequence[AtThreshold]) -> list[dict[str, Any]]:
    made = []
    for one in rates:
        rate = {"Threshold": one.threshold, "FalseMatchRate": _measured(one.false_match)}
        if one.true_match is not None:
            rate["TrueMatchRate"] = _measured(one.true_match)
        made.append(rate)
    return made


def _measured(one: Measured) -> dict[str, Any]:
    return {name.capitalize(): value for name, value in asdict(one).items()}


def _attribute(one: AttributeMetric) -> dict[str, Any]:
    return {name.capitalize(): value for name, value in asdict(one).items() if value is not None}


OPERATIONS = (
    Operation(
        name="GetErrorRates",
        run=get_error_rates,
        area=Area.RESPONSIBLE_USE,
        permission=None,
        is_own=True,
    ),
)
