"""Pictures that a page holds within itself, with marks drawn on them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from regard.errors import InvalidImageFormatException
from regard.presentation.colours import Colour
from regard.presentation.drawing import Mark, marked_jpeg


def drawn_picture(
    picture: bytes, marks: Sequence[Mark], *, side: int, legend: Mapping[str, Colour] | None = None
) -> dict[str, Any]:
    """The values `picture` (a data address), `width` and `height` of a template.

    Raises InvalidImageFormatException for one that is damaged: models see what there is of it.
    """
    try:
        drawn, (width, height) = marked_jpeg(picture, marks, side=side, legend=legend)
    except OSError as error:
        raise InvalidImageFormatException from error
    address = "data:image/jpeg;base64," + base64.b64encode(drawn).decode()
    return {"picture": address, "width": width, "height": height}
