"""The tables of docs/accuracy.md that come from cards: of face models, of labels, of the judge of finds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

Card = Mapping[str, Any]
SETS = {
    "coco": "COCO",
    "deepface_tests": "portraits of celebrities",
    "text": "street photos and web images with text",
    "kangaroo": "kangaroos",
    "insects": "ants and bees",
    "raccoon": "raccoons: no class is theirs",
    "flowers": "flowers, thumbnails of 128 px; four kinds of five are no class",
    "bccd": "blood under the microscope",
    "neu": "steel surfaces",
    "fairface": "FairFace",
    "lfw": "LFW",
    "facemask": "faces with and without a mask",
    "tuxpaint-stamps": "stamps: cut-outs on white, a third of no class",
    "wallpapers": "wallpapers, half of them abstract",
    "scikit": "scikit's examples",
}


def card(package: str, name: str) -> Card:
    read: Card = json.loads(files(package).joinpath(f"{name}.json").read_text("utf-8"))
    return read


def accuracy_tables() -> dict[str, str]:
    """By the name of the place where each belongs."""
    objects, classes, scenes, surroundings = (
        card("regard.vision.labels", name) for name in ("objects", "classes", "scenes", "surroundings")
    )
    return {
        "certainty": certainty_table(),
        "groups": groups_table(),
        "objects": objects_table(objects),
        "calibration of objects": calibration_table(objects["calibration of labels"], "labels"),
        "surroundings": surroundings_table(surroundings),
        "classes": classes_table(classes),
        "calibration of classes": calibration_table(classes["calibration"], "labels, all sets"),
        "scenes": scenes_table(scenes),
        "activities": activities_table(objects),
    }


def objects_table(objects: Card) -> str:
    rows = [(f"labels of pictures {bar}", row) for bar, row in objects["labels of pictures"].items()]
    rows += [(f"boxes {bar} (IoU .5)", row) for bar, row in objects["boxes"].items()]
    return table(["", "said", "precision", "recall"], ([name, *_said(row)] for name, row in rows))


def surroundings_table(surroundings: Card) -> str:
    before, after = surroundings["labels of pictures, by the detector"], surroundings["labels of pictures"]
    heads = ["labels of COCO's pictures", "said by the detector", "precision", "recall"]
    heads += ["in their surroundings", "precision", "recall"]
    return table(heads, ([bar, *_said(before[bar]), *_said(after[bar])] for bar in after))


def classes_table(classes: Card) -> str:
    rows = []
    for name, row in classes["by set"].items():
        cells = [SETS[name], f"{classes['pictures'][name]:,}"]
        for said, *share in (row["kinds"], row["what they are kinds of"]):
            cells += [f"{said:,}", _share(share) if said else ""]
        rows.append(cells)
    return table(["set", "pictures", "kinds said", "right", "kinds of said", "right"], rows)


def scenes_table(scenes: Card) -> str:
    rows = ([name, row["examples"], *_said(row)] for name, row in scenes["by output"].items())
    return table(["label", "examples", "said", "precision", "recall"], rows)


def activities_table(objects: Card) -> str:
    rows = ([name, *counts] for name, counts in objects["activities"].items())
    return table(["", "said", "by annotated boxes", "both"], rows)


def calibration_table(bands: Mapping[str, Sequence[float]], what: str) -> str:
    rows = (
        [band.replace("-", "–"), f"{count:,}", f"{said:.1f}", f"{right:.1f}"]
        for band, (count, said, right) in bands.items()
    )
    return table([f"confidence of {what}", "labels", "said on average", "right"], rows)


def certainty_table() -> str:
    """How sure finds are said to be faces, and how many are."""
    rows = card("regard.vision.faces", "certainty")["calibration"]
    return table(list(rows[0]), (row.values() for row in rows))


def groups_table(earlier: str = "2.0", later: str = "3.0") -> str:
    """False match rates at 80 % of groups by two face models, in ten-thousandths."""
    before, after = (_groups(card("regard.packs.cards", f"default-{one}")) for one in (earlier, later))
    rows = (
        [name, f"{group['people']:,}", _rate(before.get(name)), _rate(group)] for name, group in after.items()
    )
    return table(["group", f"people ({later})", f"model {earlier}", f"model {later}"], rows)


def _groups(card: Card) -> dict[str, Card]:
    """The groups of a model's card by data and name."""
    return {
        f"{_title(table)}: {group['name']}": group for table in card["groups"] for group in table["groups"]
    }


def _title(table: Card) -> str:
    """The data of a table of groups, and whose."""
    name, _, rest = table["data"].partition(",")
    if not rest:
        return "LFW"
    return f"{name}, adults" if "adults" in rest else name


def _rate(group: Card | None) -> str:
    """The false match rate at 80 % of a group, with its interval."""
    rates = {row["threshold"]: row["false_match"] for row in group["rates"]} if group else {}
    if 80.0 not in rates:
        return ""
    rate = rates[80.0]
    return f"{1e4 * rate['value']:.1f} ({1e4 * rate['low']:.1f}–{1e4 * rate['high']:.1f})"


def table(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _said(row: Card) -> list[str]:
    return [f"{row['said']:,}", _share(row["precision"]), _share(row["recall"])]


def _share(share: Sequence[float]) -> str:
    """A share with its interval."""
    value, low, high = share
    return f"{value:.3f} ({abs(low):.3f}–{high:.3f})"
