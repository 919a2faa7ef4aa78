"""How many pictures of each folder get a moderation label, by the confidence that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regard.evaluation.intervals import Rate

THRESHOLDS = (50.0, 60.0, 70.0, 80.0, 90.0)
"""Percent."""


@dataclass(frozen=True, slots=True)
class ModeratedPicture:
    """`name`: its path in the folder that is measured. `labels`: the confidence, in percent, of each label of
    level 1 that has at least `THRESHOLDS[0]`.
    """

    name: str
    labels: Mapping[str, float]

    @property
    def group(self) -> str:
        """The first folder on its path, "." for the one that is measured."""
        folder, slash, _ = self.name.partition("/")
        return folder if slash else "."


@dataclass(frozen=True, slots=True)
class LabelledGroup:
    """The pictures of a folder. `rates`: by each of THRESHOLDS, how many have the label at it."""

    group: str
    pictures: int
    rates: Mapping[float, Rate]


@dataclass(frozen=True, slots=True)
class ModerationReport:
    """`labels`: what was measured of labels of level 1, by folder, and of all as the last where there
    are several folders. `unreadable`: files with the reason.
    """

    pictures: tuple[ModeratedPicture, ...]
    labels: Mapping[str, Sequence[LabelledGroup]]
    unreadable: tuple[tuple[str, str], ...]


ALL = "all"
ALWAYS = "Explicit"  # measured though no picture got it


def measure(
    pictures: Sequence[ModeratedPicture], unreadable: Sequence[tuple[str, str]] = ()
) -> ModerationReport:
    """The rates of ALWAYS, and of every other label that a picture got."""
    groups: dict[str, list[ModeratedPicture]] = {}
    for picture in pictures:
        groups.setdefault(picture.group, []).append(picture)
    names = sorted({ALWAYS, *(name for picture in pictures for name in picture.labels)})
    sets = sorted(groups.items())
    if len(sets) > 1:
        sets.append((ALL, list(pictures)))
    labels = {name: [_labelled(name, group, some) for group, some in sets] for name in names}
    return ModerationReport(tuple(pictures), labels, tuple(unreadable))


def _labelled(label: str, group: str, pictures: Sequence[ModeratedPicture]) -> LabelledGroup:
    sure = [picture.labels.get(label, 0.0) for picture in pictures]
    rates = {
        threshold: Rate.counted(sum(one >= threshold for one in sure), len(sure)) for threshold in THRESHOLDS
    }
    return LabelledGroup(group, len(pictures), rates)
