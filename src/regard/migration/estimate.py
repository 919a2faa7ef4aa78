"""How long a collection will take to come over, and how much room."""

from __future__ import annotations

from dataclasses import dataclass

# A face's share of database and index: lines through 10 million faces of 128 and of 384 dimensions, which
# take 12 and 28 GB (docs/speed.md).
_BYTES, _BYTES_A_DIMENSION = 400.0, 6.25


@dataclass(frozen=True, slots=True)
class PictureSurvey:
    """What was found of the pictures of one collection.

    `images` are how many the source has faces of, `with_picture` how many of them have a picture that they
    may be, and `pictures` how many such there are to read. `seconds` is how long reading and examining
    `timed` of these took, a worker each.
    """

    images: int
    with_picture: int
    pictures: int
    timed: int
    seconds: float

    @property
    def hours(self) -> float | None:
        """What all will take one worker, at the rate of those that were timed; None where none was."""
        return self.pictures * self.seconds / self.timed / 3600 if self.timed else None


def stored_bytes(faces: int, dimension: int) -> int:
    """What faces take on disk, database and index together, for vectors of so many numbers."""
    return round(faces * (_BYTES + _BYTES_A_DIMENSION * dimension))
