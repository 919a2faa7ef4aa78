"""The cards of the heads that training/ made: what was measured, and on what each was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from regard.evaluation.card import AttributeMetric, Training

HEADS = ("appearance", "age_gender", "expression")


def head_cards() -> Mapping[str, Mapping[str, Any]]:
    """Every head's card by its name."""
    folder = files("regard.vision.faces").joinpath("heads")
    return {name: json.loads(folder.joinpath(f"{name}.json").read_text("utf-8")) for name in HEADS}


def head_metrics() -> tuple[AttributeMetric, ...]:
    return tuple(AttributeMetric(**row) for card in head_cards().values() for row in card["metrics"])


def head_trainings() -> tuple[Training, ...]:
    return tuple(
        Training(
            head=f"Head {name}: {card['says']}",
            made_by=f"training/fit_{name}.py",
            data="; ".join(card["trained on"]),
            terms=f"Research-only data: {card['research-only data']}. {card['limits']}",
        )
        for name, card in head_cards().items()
    )
