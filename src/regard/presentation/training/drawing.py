"""Pictures with their custom labels written on them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from regard.errors import RegardError
from regard.presentation.drawing import Mark, paint

_MIN_SIDE = 320  # px, so that a caption can be read


def draw_custom_labels(picture: bytes, labels: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Writes a JPEG of the picture with its CustomLabels: boxes where they have some, the others below.

    Raises RegardError where it can't be written.
    """
    canvas = ImageOps.exif_transpose(Image.open(io.BytesIO(picture))).convert("RGB")
    scale = _MIN_SIDE / max(canvas.size)
    if scale > 1:
        canvas = canvas.resize((round(canvas.width * scale), round(canvas.height * scale)))
    marks = [
        Mark(one["Geometry"]["BoundingBox"], f"{one['Name']} {one['Confidence']:.0f}")
        for one in labels
        if "Geometry" in one
    ]
    whole = [f"{one['Name']} {one['Confidence']:.0f} %" for one in labels if "Geometry" not in one]
    paint(canvas, marks, corner=", ".join(whole) or ("" if marks else "nothing"))
    try:
        canvas.save(target, "JPEG", quality=88)
    except OSError as error:
        raise RegardError(f"{target} can't be written: {error.strerror}.") from error
