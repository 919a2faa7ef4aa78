"""What the comparisons of a shadow come to: a row for each measure, with its interval and a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regard.migration.shadow.latency import latency_rows
from regard.migration.shadow.rows import LeavingVerdict, ReportRow, mean_row, share_row
from regard.migration.shadow.thresholds import ThresholdRow, threshold_rows

MAX_LISTED = 20
# Both sides are said to be the same where the interval of a share, or of an index, lies above the first, that
# of a distance of landmarks or of letters below the second, that of an angle, in degrees, below the third.
_SAME_ANSWER, _SAME_PLACE, _SAME_ANGLE = 0.95, 0.05, 5.0

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NamedOnOneSide:
    """A label that only one side names, and in how many answers."""

    name: str
    here: int
    there: int


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """`compared` requests were answered by both sides; `counts` says what became of the others.

    `disagreements` are the twenty largest: request id, operation, and how far apart the answers are, 0 to 1.
    """

    compared: int
    counts: Mapping[str, int]
    rows: Sequence[ReportRow]
    thresholds: Sequence[ThresholdRow]
    one_sided: Sequence[NamedOnOneSide]
    disagreements: Sequence[tuple[str, str, float]]
    missing_fields: Sequence[tuple[str, int]]
    extra_fields: Sequence[tuple[str, int]]
    cost: Decimal

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> ShadowReport:
        """That of the entries of a `ComparisonJournal`."""
        counts: Counter[str] = Counter()
        asked: list[Entry] = []
        for entry in entries:
            counts.update(entry.get("counts", {}))
            if "operation" in entry:
                asked.append(entry)
        answered = [entry for entry in asked if entry["there"]["status"]]
        counts["not reached"] += len(asked) - len(answered)
        both = [entry for entry in answered if entry.get("compared")]
        far = sorted(answered, key=lambda entry: -entry["differs"])
        return cls(
            compared=len(both),
            counts={name: number for name, number in counts.items() if number},
            rows=_rows(answered, both),
            thresholds=threshold_rows(_of(both, "search") + _of(both, "pairs")),
            one_sided=_one_sided(_of(both, "names")),
            disagreements=[
                (entry["request"], entry["operation"], entry["differs"])
                for entry in far[:MAX_LISTED]
                if entry["differs"] > 0
            ],
            missing_fields=_fields(both, "missing"),
            extra_fields=_fields(both, "extra"),
            cost=sum((Decimal(entry["cost"]) for entry in asked), Decimal(0)),
        )


def _rows(answered: Sequence[Entry], both: Sequence[Entry]) -> list[ReportRow]:
    found = [
        *_face_rows(_of(both, "faces")),
        *_search_rows(_of(both, "search"), _of(both, "pairs")),
        *_name_rows(_of(both, "names")),
        *_text_rows(_of(both, "text")),
        *_wire_rows(answered, both),
        *latency_rows(both),
    ]
    return [row for row in found if row is not None]


def _face_rows(compared: Sequence[Entry]) -> list[ReportRow | None]:
    pairs = [(number, pair) for number, one in enumerate(compared) for pair in one["pairs"]]

    def measured(name: str) -> list[tuple[int, Any]]:
        return [(number, pair[name]) for number, pair in pairs if name in pair]

    def agree(measure: str, name: str) -> ReportRow | None:
        return share_row("Faces", measure, measured(name), same_above=_SAME_ANSWER)

    pose = [(number, sum(angles) / len(angles)) for number, angles in measured("pose")]
    return [
        share_row("Faces", "of theirs, found here", _paired(compared, "there"), same_above=_SAME_ANSWER),
        share_row("Faces", "of ours, found there", _paired(compared, "here"), same_above=_SAME_ANSWER),
        _index_row("Faces", "IoU of the boxes", measured("iou")),
        mean_row("Faces", "landmarks, in eye distances", "", measured("landmarks"), same_below=_SAME_PLACE),
        mean_row("Faces", "difference of pose", "°", pose, same_below=_SAME_ANGLE),
        _index_row("Faces", "overlap of age ranges", measured("age")),
        agree("the same gender", "gender"),
        agree("the same emotion", "emotion"),
    ]


def _paired(compared: Sequence[Entry], side: str) -> list[tuple[int, bool]]:
    """Of each face of one side whether the other has it too."""
    return [
        (number, place < len(one["pairs"]))
        for number, one in enumerate(compared)
        for place in range(one[side])
    ]


def _search_rows(searches: Sequence[Entry], pairs: Sequence[Entry]) -> list[ReportRow | None]:
    ranked = [(number, one["rank"]) for number, one in enumerate(searches) if one["rank"] is not None]
    first = [(number, one["first"]) for number, one in enumerate(searches) if one["first"] is not None]
    return [
        share_row("Search", "the same person first", first, same_above=_SAME_ANSWER),
        _index_row("Search", "Jaccard index of who is found", _numbered(searches, "jaccard")),
        _index_row("Search", "rank correlation", ranked),
        _index_row("Comparison", "Jaccard index of the matches", _numbered(pairs, "jaccard")),
    ]


def _name_rows(compared: Sequence[Entry]) -> list[ReportRow | None]:
    rows: list[ReportRow | None] = []
    for area in dict.fromkeys(one["of"] for one in compared):
        same = [one for one in compared if one["of"] == area]
        rows.append(_index_row(area, "Jaccard index", _numbered(same, "jaccard")))
        rows.append(_index_row(area, "the same, by confidence", _numbered(same, "weighted")))
    return rows


def _index_row(area: str, measure: str, values: Sequence[tuple[int, float]]) -> ReportRow | None:
    return mean_row(area, measure, "", values, same_above=_SAME_ANSWER)


def _text_rows(compared: Sequence[Entry]) -> list[ReportRow | None]:
    errors = [
        (number, min(one["errors"] / one["letters"], 1.0))
        for number, one in enumerate(compared)
        if one["letters"]
    ]
    return [mean_row("Text", "letters that differ from theirs", "", errors, same_below=_SAME_PLACE)]


def _wire_rows(answered: Sequence[Entry], both: Sequence[Entry]) -> list[ReportRow | None]:
    status = [
        (number, entry["here"]["status"] == entry["there"]["status"]) for number, entry in enumerate(answered)
    ]
    codes = [
        (number, (entry["here"]["error"] or "").split(":")[0] == entry["there"]["error"])
        for number, entry in enumerate(answered)
        if entry["here"]["status"] >= 400 and entry["there"]["status"] >= 400
    ]
    fields = [(number, not entry["compared"]["shape"]["missing"]) for number, entry in enumerate(both)]
    types = [(number, not entry["compared"]["shape"]["types"]) for number, entry in enumerate(both)]
    failed = [
        (n, (entry["here"]["status"] >= 500) - (entry["there"]["status"] >= 500))
        for n, entry in enumerate(answered)
    ]
    return [
        share_row("Wire", "the same status", status, same_above=_SAME_ANSWER),
        share_row("Wire", "the same error code", codes, same_above=_SAME_ANSWER),
        share_row("Wire", "every field of theirs is here", fields, same_above=_SAME_ANSWER, is_ours=True),
        share_row("Wire", "the same types", types, same_above=_SAME_ANSWER, is_ours=True),
        mean_row("Wire", "failures here, less those there", "", failed, is_lower_better=True),
    ]


def _of(entries: Sequence[Entry], kind: str) -> list[Entry]:
    return [entry["compared"][kind] for entry in entries if kind in entry["compared"]]


def _numbered(compared: Sequence[Entry], name: str) -> list[tuple[int, float]]:
    return [(number, one[name]) for number, one in enumerate(compared)]


def _one_sided(compared: Sequence[Entry]) -> list[NamedOnOneSide]:
    here: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for one in compared:
        here.update([*one.get("here", ()), *one.get("both", ())])
        there.update([*one.get("there", ()), *one.get("both", ())])
    found = [
        NamedOnOneSide(name, here[name], there[name])
        for name in here.keys() | there.keys()
        if not here[name] or not there[name]
    ]
    return sorted(found, key=lambda one: (-one.here - one.there, one.name))[:MAX_LISTED]


def _fields(both: Sequence[Entry], which: str) -> list[tuple[str, int]]:
    counts = Counter(path for entry in both for path in entry["compared"]["shape"][which])
    return counts.most_common(MAX_LISTED)


__all__ = ["NamedOnOneSide", "ReportRow", "ShadowReport", "ThresholdRow", "LeavingVerdict"]
