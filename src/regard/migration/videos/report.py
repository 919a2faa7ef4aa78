"""What comparisons of films come to: a row for each measure, with its interval and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regard.migration.shadow.rows import ReportRow, mean_row, share_row
from regard.migration.videos.analyses import ANALYSES
from regard.migration.videos.comparing import APART, FOUND_HERE, FOUND_THERE, OFF, SAME_NUMBER
from regard.migration.videos.records import FilmComparison

_SHARES = frozenset({FOUND_HERE, FOUND_THERE, SAME_NUMBER})
# Both sides are said to be the same where the interval of a share or an index lies above the first, that of a
# number of faces below the second, that of a time, in ms, below the third.
_SAME_ANSWER, _SAME_NUMBER, _SAME_TIME = 0.95, 0.05, 100.0


@dataclass(frozen=True, slots=True)
class VideoReport:
    """`films` were analysed at both services. `rows` need two films that both have analysed; what each film
    came to, `comparisons` say. `minutes_there` is what the other service analysed, for each analysis anew,
    as it bills.
    """

    films: int
    comparisons: Sequence[FilmComparison]
    rows: Sequence[ReportRow]
    minutes_there: float

    @classmethod
    def of(cls, comparisons: Sequence[FilmComparison]) -> VideoReport:
        """That of what was compared."""
        films = list(dict.fromkeys(one.film for one in comparisons))
        numbers = {film: number for number, film in enumerate(films)}
        rows = [
            row
            for name in dict.fromkeys(one.analysis for one in comparisons)
            for row in _rows(name, [one for one in comparisons if one.analysis == name], numbers)
        ]
        billed = sum(one.theirs.duration_ms for one in comparisons if one.theirs.failure is None)
        return cls(len(films), comparisons, rows, billed / 60_000)


def _rows(name: str, comparisons: Sequence[FilmComparison], films: dict[str, int]) -> list[ReportRow]:
    area, both = ANALYSES[name].area, [one for one in comparisons if one.is_compared]
    found: list[ReportRow | None] = []
    for measure in dict.fromkeys(measure for one in both for measure in one.compared):
        values = [(films[one.film], value) for one in both for value in one.compared.get(measure, ())]
        if measure in _SHARES:
            outcomes = [(film, value > 0) for film, value in values]
            found.append(share_row(area, measure, outcomes, same_above=_SAME_ANSWER))
        elif measure == OFF:
            found.append(mean_row(area, measure, "ms", values, same_below=_SAME_TIME))
        elif measure == APART:
            found.append(mean_row(area, measure, "", values, same_below=_SAME_NUMBER))
        else:
            found.append(mean_row(area, measure, "", values, same_above=_SAME_ANSWER))
    slower = [(films[one.film], one.ours.seconds - one.theirs.seconds) for one in both]
    found.append(mean_row(area, "seconds here, less those there", "s", slower, is_lower_better=True))
    return [row for row in found if row is not None]
