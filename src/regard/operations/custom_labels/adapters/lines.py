"""The pictures of an adapter's training: lines of two manifests, or of one that is split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from regard.context import Context
from regard.custom.distribution import SplitCandidate, draw_test_entries
from regard.custom.manifests.entry import ManifestLine
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.manifests.reading import MODERATION, ReadLine
from regard.custom.version_records import ProjectVersion
from regard.errors import InvalidManifestException
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart
from regard.operations.custom_labels.training.sources import EMPTY, is_split, source_of
from regard.operations.pictures.moderation_taxonomy import taxonomy

MAX_PICTURES: Final = 10_000
"""Of both sets together, as Amazon has it."""
Key = tuple[TrainingPart, int]


@dataclass(frozen=True, slots=True)
class AdapterLine:
    """A line: the picture with the labels that people gave it, `content` as it is written out again ("" of
    one that is no entry), and what is wrong with it.
    """

    example: TrainingExample
    content: str = ""
    fault: Fault | None = None

    @property
    def is_entry(self) -> bool:
        """Whether it names a picture at all."""
        return bool(self.content)


@dataclass(frozen=True, slots=True)
class AdapterLines:
    """The lines of a training, those of training first, and the digests of the manifests."""

    lines: Sequence[AdapterLine]
    digests: Mapping[str, str]

    @property
    def pictures(self) -> list[AdapterLine]:
        """Those whose pictures are opened."""
        return [one for one in self.lines if one.fault is None]

    @classmethod
    def read(cls, ctx: Context, version: ProjectVersion) -> AdapterLines:
        """Raises InvalidManifestException for a manifest that can't be read, is empty, or has more pictures
        than an adapter is trained on; and InternalServerError while a bucket is away.
        """
        parts = [TrainingPart.TRAINING] if is_split(version) else list(TrainingPart)
        found: list[AdapterLine] = []
        digests = {}
        for part in parts:
            source = source_of(ctx, version, part)
            digests[part.value] = source.digest()
            before = len(found)
            for line in _without_repeated(part, (line for _, line in source.lines(0, 0))):
                found.append(line)
                if len(found) > MAX_PICTURES:
                    raise InvalidManifestException(f"An adapter is trained on up to {MAX_PICTURES:,} images.")
            if len(found) == before:
                raise InvalidManifestException(EMPTY)
        return cls(_split(found, version.resource) if is_split(version) else found, digests)


def _without_repeated(part: TrainingPart, lines: Iterator[ReadLine]) -> Iterator[AdapterLine]:
    seen: set[str] = set()
    for line in lines:
        one = _read(part, line)
        if one.is_entry and one.example.reference in seen:
            one = replace(one, fault=Fault.of(FaultCode.DUPLICATE_SOURCE_REF))
        seen.add(one.example.reference)
        yield one


def _read(part: TrainingPart, line: ReadLine) -> AdapterLine:
    if not isinstance(line, ManifestLine):
        return AdapterLine(TrainingExample(part, line.number, "", "", "", is_usable=False), fault=line.fault)
    entry = line.entry
    labels = entry.moderation
    fault = None
    if labels is None:
        named = f'"{MODERATION}"' in line.content
        code = FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT if named else FaultCode.NO_LABEL_ATTRIBUTES
        fault = Fault.of(code, MODERATION, MODERATION)
    elif not all(label in taxonomy() for label in labels):
        fault = Fault.of(FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, MODERATION, MODERATION)
    example = TrainingExample(
        part,
        line.number,
        entry.source_ref,
        entry.bucket,
        entry.key,
        () if fault is not None or labels is None else tuple(dict.fromkeys(labels)),
    )
    return AdapterLine(example, line.content, fault)


def _split(lines: Sequence[AdapterLine], seed: str) -> list[AdapterLine]:
    """A fifth of the pictures is the test set: the same fifth of the same seed. Those without a label are
    drawn from as if that were one.
    """
    candidates = [
        SplitCandidate(place, hashlib.sha256(one.example.reference.encode()).digest(), one.example.labels)
        for place, one in enumerate(lines)
        if one.fault is None
    ]
    drawn = frozenset(draw_test_entries(candidates, seed))
    moved = [
        replace(one, example=replace(one.example, part=TrainingPart.TESTING)) if place in drawn else one
        for place, one in enumerate(lines)
    ]
    return sorted(moved, key=lambda one: one.example.part is TrainingPart.TESTING)
