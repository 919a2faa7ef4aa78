"""Labels and properties of pictures as Rekognition writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regard.operations.shapes.boxes import bounding_box_in
from regard.vision.colours import DominantColour
from regard.vision.image import Image
from regard.vision.labels import Instance, Label
from regard.vision.properties import ImageProperties, PartProperties, box_colours
from regard.vision.taxonomy import Taxonomy


def label_shape(
    label: Label, taxonomy: Taxonomy, image: Image, *, min_confidence: float, colours: int | None = None
) -> dict[str, Any]:
    """A Label, with its instances of `min_confidence`, in percent, and more.

    `colours`: how many dominant colours each instance gets; None where they were not asked for.
    """
    concept = taxonomy.concepts[label.name]
    return {
        "Name": label.name,
        "Confidence": label.confidence,
        "Instances": [
            _instance(one, image, colours) for one in label.instances if one.confidence >= min_confidence
        ],
        "Parents": _named(concept.parents),
        "Aliases": _named(concept.aliases),
        "Categories": _named([concept.category]),
    }


def properties_shape(properties: ImageProperties) -> dict[str, Any]:
    """ImageProperties. As with Rekognition, contrast is said of the whole picture alone."""
    contrast = {"Contrast": properties.whole.quality.contrast}
    whole = _part(properties.whole)
    return {
        "Quality": {**whole["Quality"], **contrast},
        "DominantColors": whole["DominantColors"],
        "Foreground": _part(properties.foreground),
        "Background": _part(properties.background),
    }


def _instance(instance: Instance, image: Image, colours: int | None) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "BoundingBox": bounding_box_in(image, instance.box),
        "Confidence": instance.confidence,
    }
    if colours is not None:
        shape["DominantColors"] = _colours(box_colours(image.pixels, instance.box, colours))
    return shape


def _part(part: PartProperties) -> dict[str, Any]:
    quality = {"Brightness": part.quality.brightness, "Sharpness": part.quality.sharpness}
    return {"Quality": quality, "DominantColors": _colours(part.colours)}


def _colours(colours: Iterable[DominantColour]) -> list[dict[str, Any]]:
    return [
        {
            "Red": colour.red,
            "Green": colour.green,
            "Blue": colour.blue,
            "HexCode": f"#{colour.red:02x}{colour.green:02x}{colour.blue:02x}",
            "CSSColor": colour.named.name,
            "SimplifiedColor": colour.named.simplified,
            "PixelPercent": 100 * colour.share,
        }
        for colour in colours
    ]


def _named(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"Name": name} for name in names]
