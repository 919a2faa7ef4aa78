"""The pictures that a training's report shows: small, and with boxes where there are some."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import PIL.Image as Pillow
from PIL import ImageDraw

from regard.context import Context
from regard.errors import ServiceError
from regard.operations.custom_labels.training.examples import TrainingExample
from regard.operations.custom_labels.training.opening import UnusableImage, open_picture
from regard.vision.geometry import Box
from regard.vision.pixels import resize

_SIDE: Final = 160  # px of a thumbnail's longer side
_SIDE_WITH_BOXES: Final = 320  # px
_QUALITY: Final = 72


@dataclass(frozen=True, slots=True)
class ReportPictures:
    """Thumbnails as `data:` URIs of JPEGs; None of a picture that is gone since it was read.

    One without boxes is opened once, however often it is shown.
    """

    ctx: Context
    _thumbnails: dict[str, str | None] = field(default_factory=dict)

    def thumbnail(self, example: TrainingExample) -> str | None:
        """A picture as it is."""
        if example.reference not in self._thumbnails:
            self._thumbnails[example.reference] = self._drawn(example, _SIDE, ())
        return self._thumbnails[example.reference]

    def with_boxes(self, example: TrainingExample, boxes: Sequence[tuple[Box, str]]) -> str | None:
        """A picture with boxes, in fractions of it, each in a colour."""
        return self._drawn(example, _SIDE_WITH_BOXES, boxes)

    def _drawn(self, example: TrainingExample, side: int, boxes: Sequence[tuple[Box, str]]) -> str | None:
        try:
            image = open_picture(self.ctx, example)
        except (UnusableImage, ServiceError):
            return None
        scale = min(1.0, side / max(image.width, image.height))
        width, height = (max(1, round(length * scale)) for length in (image.width, image.height))
        canvas = Pillow.fromarray(resize(image.pixels, width, height))
        pen = ImageDraw.Draw(canvas)
        for box, colour in boxes:
            corners = (box.left * width, box.top * height, box.right * width, box.bottom * height)
            pen.rectangle(corners, outline=colour, width=2)
        out = io.BytesIO()
        canvas.save(out, "JPEG", quality=_QUALITY)
        return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
