"""Films, jobs on them, and what comparing these came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from regard.errors import RegardError
from regard.migration.videos.analyses import Compared, Item


@dataclass(frozen=True, slots=True)
class FilmAddress:
    """A film in a bucket that both services read."""

    bucket: str
    name: str

    @classmethod
    def parse(cls, text: str) -> FilmAddress:
        """Of `s3://BUCKET/NAME`. Raises RegardError."""
        bucket, slash, name = text.removeprefix("s3://").partition("/")
        if not text.startswith("s3://") or not (bucket and slash and name):
            raise RegardError(f"A film is given as s3://BUCKET/NAME, not {text[:200]!r}.")
        return cls(bucket, name)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.name}"


@dataclass(frozen=True, slots=True)
class FilmJob:
    """What a job at one service came to: `items` where it succeeded, else `failure`, a sentence of its own.

    `seconds` is how long that took, waiting for its turn included.
    """

    items: Sequence[Item] = ()
    seconds: float = 0.0
    duration_ms: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class FilmComparison:
    """One analysis of one film at both services. `compared` is empty where one failed or neither found
    anything.
    """

    film: str
    analysis: str
    theirs: FilmJob
    ours: FilmJob
    compared: Compared = field(default_factory=dict)

    @property
    def is_compared(self) -> bool:
        """Whether both came to an end."""
        return self.theirs.failure is None and self.ours.failure is None
