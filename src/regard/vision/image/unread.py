"""A picture that another machine has decoded, as it stands in for one of this machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from regard.vision.image.picture import Image
from regard.vision.pixels import Pixels


class UnreadImage(Image):
    """A picture whose size is known, and whose pixels are read when somebody asks for them."""

    def __init__(
        self,
        width: int,
        height: int,
        read: Callable[[], Image],
        *,
        digest: str = "",
        encoded_size: tuple[int, int] | None = None,
    ) -> None:
        """`width` and `height`: px, upright. The others are as in Image."""
        self.__dict__.update(
            digest=digest, encoded_size=encoded_size, _width=width, _height=height, _read=read
        )

    @cached_property
    def pixels(self) -> Pixels:
        read: Callable[[], Image] = self.__dict__["_read"]
        return read().pixels

    @property
    def width(self) -> int:
        width: int = self.__dict__["_width"]
        return width

    @property
    def height(self) -> int:
        height: int = self.__dict__["_height"]
        return height
